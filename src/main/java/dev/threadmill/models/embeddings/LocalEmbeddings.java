package dev.threadmill.models.embeddings;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.embedding.onnx.AbstractInProcessEmbeddingModel;
import dev.langchain4j.model.embedding.onnx.OnnxBertBiEncoder;
import dev.langchain4j.model.embedding.onnx.PoolingMode;
import dev.langchain4j.model.embedding.onnx.allminilml6v2.AllMiniLmL6V2EmbeddingModel;
import dev.langchain4j.model.embedding.onnx.bgesmallenv15q.BgeSmallEnV15QuantizedEmbeddingModel;
import dev.threadmill.api.FairExecutor;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.models.ModelException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * An embedding model within the process. It is loaded at its first use and runs on three threads of
 * its own, which end when idle: one at low priority for texts in the background, one for queries
 * and texts that a run waits for, one for texts of clients. So many texts neither occupy all cores
 * nor delay a query, and native code never runs on the carrier of a virtual thread. On each thread
 * {@link WorkOwner owners} take turns text by text.
 */
public final class LocalEmbeddings implements EmbeddingModel {
  private static final int DIMENSIONS = 384;
  private static final int MAX_QUEUED = 1_000;
  private static final int MAX_CLOSE_SECONDS = 10;
  private static final Logger LOG = Logger.getLogger(LocalEmbeddings.class);

  /** The built-in models. */
  enum Weights {
    MINILM(
        "all-minilm-l6-v2",
        AllMiniLmL6V2EmbeddingModel.class,
        "/all-minilm-l6-v2.onnx",
        "/all-minilm-l6-v2-tokenizer.json",
        PoolingMode.MEAN,
        ""),
    BGE_SMALL(
        "bge-small-en-v1.5",
        BgeSmallEnV15QuantizedEmbeddingModel.class,
        "/bge-small-en-v1.5-q.onnx",
        "/bge-small-en-v1.5-q-tokenizer.json",
        PoolingMode.CLS,
        "Represent this sentence for searching relevant passages: ");

    final String modelName;
    final Class<?> owner;
    final String model;
    final String tokenizer;
    final PoolingMode pooling;
    final String beforeQuery;

    Weights(
        String modelName,
        Class<?> owner,
        String model,
        String tokenizer,
        PoolingMode pooling,
        String beforeQuery) {
      this.modelName = modelName;
      this.owner = owner;
      this.model = model;
      this.tokenizer = tokenizer;
      this.pooling = pooling;
      this.beforeQuery = beforeQuery;
    }
  }

  private final Weights weights;
  private final ModelCache cache;
  private final FairExecutor texts = oneThread("embed-texts", Thread.MIN_PRIORITY);
  private final FairExecutor questions = oneThread("embed-questions", Thread.NORM_PRIORITY);
  private final FairExecutor requests = oneThread("embed-requests", Thread.MIN_PRIORITY);
  private Encoder encoder;
  private OnnxEnvironmentReference environment;
  private final Thread closeAtExit = new Thread(this::close, "embeddings-close");

  LocalEmbeddings(Weights weights, ModelCache cache) {
    this.weights = weights;
    this.cache = cache;
  }

  Weights weights() {
    return weights;
  }

  @Override
  public String name() {
    return weights.modelName;
  }

  @Override
  public int dimensions() {
    return DIMENSIONS;
  }

  @Override
  public List<float[]> embed(List<String> all) throws InterruptedException {
    return embed(all, texts);
  }

  @Override
  public List<float[]> embedNow(List<String> all) throws InterruptedException {
    return embed(all, questions);
  }

  private List<float[]> embed(List<String> all, FairExecutor executor) throws InterruptedException {
    var vectors = new ArrayList<float[]>(all.size());
    for (var text : all) {
      vectors.add(on(executor, () -> encoder().compute(text).vector()));
    }
    return vectors;
  }

  @Override
  public float[] embedQuery(String query) throws InterruptedException {
    return on(questions, () -> encoder().compute(weights.beforeQuery + query).vector());
  }

  /** The vectors of texts of a client, with the tokens that the model has read. */
  EmbeddedInputs embedForClient(List<String> all) throws InterruptedException {
    var vectors = new ArrayList<float[]>(all.size());
    long tokens = 0;
    for (var text : all) {
      var embedded = on(requests, () -> encoder().compute(text));
      vectors.add(embedded.vector());
      tokens += embedded.tokens();
    }
    return new EmbeddedInputs(vectors, tokens);
  }

  @Override
  public void warmUp() {
    texts
        .of(WorkOwner.NONE)
        .execute(
            () -> {
              try {
                encoder().compute("ready");
              } catch (ModelException e) {
                LOG.warnf(e.getCause(), "embeddings=not_loaded model=%s", name());
              }
            });
  }

  /** Waits for native code that is running: ending the JVM under it would crash the process. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(closeAtExit);
    } catch (IllegalStateException e) {
      // The JVM is shutting down: the hook is waited for like this call.
    }
    for (var executor : List.of(texts, questions, requests)) {
      for (var waiting : executor.close()) {
        if (waiting instanceof Future<?> task) {
          task.cancel(false);
        }
      }
    }
    try {
      var limit = Duration.ofSeconds(MAX_CLOSE_SECONDS);
      if (!texts.awaitEnd(limit) || !questions.awaitEnd(limit) || !requests.awaitEnd(limit)) {
        LOG.warn("embeddings=closing the model is still in use");
      } else {
        releaseEnvironment();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized Encoder encoder() {
    if (encoder == null) {
      try {
        if (environment == null) {
          // The container may be stopped before it has started, and then closes nothing.
          Runtime.getRuntime().addShutdownHook(closeAtExit);
          environment = OnnxEnvironmentReference.take();
        }
        encoder = new Encoder(weights, cache);
      } catch (RuntimeException e) {
        throw new ModelException(
            ModelException.Kind.PROVIDER_FAILED, "The embedding model could not be loaded.", e);
      }
    }
    return encoder;
  }

  private synchronized void releaseEnvironment() {
    if (environment != null) {
      environment.close();
      environment = null;
    }
  }

  private static <T> T on(FairExecutor executor, Callable<T> work) throws InterruptedException {
    var task = new FutureTask<>(work);
    try {
      executor.of(WorkOwner.current()).execute(task);
      return task.get();
    } catch (InterruptedException e) {
      task.cancel(false);
      throw e;
    } catch (RejectedExecutionException | CancellationException e) {
      throw new EmbeddingsClosedException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ModelException failure) {
        throw failure;
      }
      // The model computes the same for the same text, so another attempt would fail as well.
      throw new ModelException(
          e.getCause() instanceof Error
              ? ModelException.Kind.PROVIDER_FAILED
              : ModelException.Kind.INVALID_PROMPT,
          "The embedding model could not embed a text.",
          e.getCause());
    }
  }

  /**
   * Sets the context class loader, through which the tokenizer finds its native library. In a
   * packaged server the default one does not have it.
   */
  private static Thread withOurClasses(Thread thread) {
    thread.setContextClassLoader(LocalEmbeddings.class.getClassLoader());
    return thread;
  }

  private static FairExecutor oneThread(String name, int priority) {
    var threads = Thread.ofPlatform().name(name).daemon().priority(priority).factory();
    var executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED),
            task -> withOurClasses(threads.newThread(task)),
            LocalEmbeddings::runByCaller);
    executor.allowCoreThreadTimeOut(true);
    return new FairExecutor(executor);
  }

  private static void runByCaller(Runnable task, ThreadPoolExecutor executor) {
    if (executor.isShutdown()) {
      throw new RejectedExecutionException();
    }
    task.run();
  }

  /** A vector, and the number of tokens of its text. */
  private record Embedded(float[] vector, int tokens) {}

  /** The network. A call uses one thread, since three calls may run at a time. */
  private static final class Encoder extends AbstractInProcessEmbeddingModel {
    private final OnnxBertBiEncoder model;

    Encoder(Weights weights, ModelCache cache) {
      super(Runnable::run);
      try (var tokenizer = weights.owner.getResourceAsStream(weights.tokenizer)) {
        var environment = OrtEnvironment.getEnvironment();
        var session =
            cache.session(environment, weights.modelName, weights.owner.getResource(weights.model));
        model = new OnnxBertBiEncoder(environment, session, tokenizer, weights.pooling);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (OrtException e) {
        throw new IllegalStateException("cannot read " + weights.model, e);
      }
    }

    Embedded compute(String text) {
      var segment = TextSegment.from(hasTokens(text) ? text : ".");
      var response = embedAll(List.of(segment));
      var vector = response.content().getFirst().vector();
      for (float each : vector) {
        if (!Float.isFinite(each)) {
          throw new IllegalArgumentException("the vector is not finite");
        }
      }
      return new Embedded(vector, response.tokenUsage().inputTokenCount());
    }

    /** The model needs a token, and the tokenizer makes none of marks, spaces and the like. */
    private static boolean hasTokens(String text) {
      return text.codePoints()
          .anyMatch(
              c ->
                  switch (Character.getType(c)) {
                    case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.PRIVATE_USE,
                        Character.UNASSIGNED,
                        Character.NON_SPACING_MARK,
                        Character.ENCLOSING_MARK,
                        Character.COMBINING_SPACING_MARK,
                        Character.SPACE_SEPARATOR,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR ->
                        false;
                    default -> true;
                  });
    }

    @Override
    protected OnnxBertBiEncoder model() {
      return model;
    }

    @Override
    protected Integer knownDimension() {
      return DIMENSIONS;
    }
  }
}
