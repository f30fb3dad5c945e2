package dev.threadmill.memory;

import dev.threadmill.api.Backoff;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.EmbeddingNeed.Need;
import dev.threadmill.memory.IndexQueue.QueuedMessage;
import dev.threadmill.memory.recall.MemoryIndex;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.models.embeddings.EmbeddingsClosedException;
import dev.threadmill.search.Chunks;
import dev.threadmill.search.IndexDocument;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import org.jboss.logging.Logger;

/**
 * Claims messages from the queue and indexes them: all by their words, and by their vectors those
 * for which {@link EmbeddingNeed} finds a reader. While the embedding model fails, messages are
 * indexed by their words and stay in the queue for their vectors. A message whose text cannot be
 * embedded or written is separated from the others of its batch and does not delay them.
 */
@ApplicationScoped
public class IndexMessages {
  private static final Logger LOG = Logger.getLogger(IndexMessages.class);
  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(2);
  private static final Duration WAIT_FOR_OTHERS = Duration.ofMillis(10);
  private static final int MAX_BY_WORDS = 2_000;

  /** After so many failures messages are embedded one by one, to find the one that is at fault. */
  private static final int ATTEMPTS_TOGETHER = 3;

  /** After so many failures of a single message its vector is given up. */
  private static final int MAX_ATTEMPTS_ALONE = 6;

  /** So many failures in a row, one by one, are the model's fault. */
  private static final int MAX_FAILURES_IN_A_ROW = 2;

  private final Jdbc jdbc;
  private final IndexQueue queue;
  private final MemoryIndex index;
  private final Embeddings embeddings;
  private final MemoryConfig config;
  private final EmbeddingNeed need;

  @Inject
  IndexMessages(
      Jdbc jdbc,
      IndexQueue queue,
      MemoryIndex index,
      Embeddings embeddings,
      MemoryConfig config,
      EmbeddingNeed need) {
    this.jdbc = jdbc;
    this.queue = queue;
    this.index = index;
    this.embeddings = embeddings;
    this.config = config;
    this.need = need;
  }

  /** Indexes all messages by their vectors at once, for benchmarks outside of the server. */
  public static IndexMessages embeddingAll(
      Jdbc jdbc, IndexQueue queue, MemoryIndex index, Embeddings embeddings, MemoryConfig config) {
    return new IndexMessages(jdbc, queue, index, embeddings, config, EmbeddingNeed.OF_ALL);
  }

  /** Loads the embedding model. */
  void warmUp() {
    embeddings.warmUp();
  }

  /** Indexes some of the messages that are due. Returns how many. */
  public int indexNextBatch() throws InterruptedException {
    var messages = queue.claim(batchInBackground());
    var decision = need.of(messages);
    // First what takes no time: the leases of these messages run while others are embedded.
    defer(decision.with(Need.WORDS));
    setAside(decision.with(Need.NOTHING));
    index(decision.with(Need.VECTORS), embeddings::embed);
    if (!decision.readers().isEmpty()) {
      queue.requestOf(decision.readers());
    }
    return messages.size();
  }

  /** A small share makes small batches: the pause after each is short. */
  private int batchInBackground() {
    return ProcessorUse.batch(config.batch(), config.processorShare());
  }

  /** Embeds some of the messages whose vectors nothing has asked for. Returns how many. */
  int embedDeferred() throws InterruptedException {
    var messages = queue.claimDeferred(batchInBackground());
    index(messages, embeddings::embed);
    return messages.size();
  }

  /** Makes deferred messages due. Returns whether there may be more of them. */
  boolean request(VectorRequests.Request request) {
    int requested = queue.request(request.scope(), request.vectors());
    if (requested > 0) {
      LOG.debugf("memory_vectors=requested messages=%d", requested);
    }
    return requested == IndexQueue.MAX_REQUESTED;
  }

  private void defer(List<QueuedMessage> messages) {
    if (!messages.isEmpty()) {
      write(messages, null, queue::defer);
    }
  }

  private void setAside(List<QueuedMessage> messages) {
    if (!messages.isEmpty()) {
      jdbc.runInTransaction(
          tx -> {
            queue.setAside(tx, messages);
            setAssistants(tx, messages);
          });
    }
  }

  /**
   * Indexes a thread's messages, together with other workers that have claimed some of them. At the
   * timeout the remaining messages are indexed by their words.
   *
   * @return the number of messages that still wait
   */
  int indexThread(ThreadId thread, Duration timeout) throws InterruptedException {
    var deadline = Instant.now().plus(timeout);
    int pending = queue.pending(thread);
    while (pending > 0 && Instant.now().isBefore(deadline)) {
      var messages = queue.claimOfThread(thread, config.batch());
      if (messages.isEmpty()) {
        if (queue.allFailed(thread)) {
          return pending;
        }
        Thread.sleep(WAIT_FOR_OTHERS);
      } else {
        try {
          index(messages, embeddings::embedNow);
        } catch (EmbeddingsClosedException e) {
          return queue.pending(thread);
        }
      }
      pending = queue.pending(thread);
    }
    if (pending > 0) {
      postpone(queue.claimOfThread(thread, MAX_BY_WORDS), Duration.ZERO);
    }
    return pending;
  }

  private interface Embedding {
    List<float[]> of(List<String> texts) throws InterruptedException;
  }

  private void index(List<QueuedMessage> messages, Embedding embedding)
      throws InterruptedException {
    var together = new ArrayList<QueuedMessage>();
    var alone = new ArrayList<QueuedMessage>();
    for (var message : messages) {
      (message.attempts() < ATTEMPTS_TOGETHER ? together : alone).add(message);
    }
    try {
      indexTogether(together, embedding);
      indexOneByOne(alone, embedding);
    } catch (EmbeddingsClosedException e) {
      // Another node need not wait for the end of the lease.
      jdbc.runInTransaction(tx -> queue.postpone(tx, messages, Duration.ZERO));
      throw e;
    }
  }

  private void indexTogether(List<QueuedMessage> messages, Embedding embedding)
      throws InterruptedException {
    if (messages.isEmpty()) {
      return;
    }
    try {
      complete(messages, embed(messages, embedding));
    } catch (EmbeddingsClosedException e) {
      throw e;
    } catch (ModelException e) {
      if (e.kind() != ModelException.Kind.INVALID_PROMPT) {
        logFailure(messages, e);
        postpone(messages, backoff(messages.getFirst().attempts()));
      } else if (messages.size() == 1) {
        giveUpVector(messages.getFirst(), e);
      } else {
        int half = messages.size() / 2;
        indexTogether(messages.subList(0, half), embedding);
        indexTogether(messages.subList(half, messages.size()), embedding);
      }
    }
  }

  private void indexOneByOne(List<QueuedMessage> messages, Embedding embedding)
      throws InterruptedException {
    int failuresInARow = 0;
    for (int i = 0; i < messages.size(); i++) {
      var message = messages.get(i);
      var single = List.of(message);
      try {
        complete(single, embed(single, embedding));
        failuresInARow = 0;
      } catch (EmbeddingsClosedException e) {
        throw e;
      } catch (ModelException e) {
        failuresInARow++;
        if (e.kind() == ModelException.Kind.INVALID_PROMPT) {
          giveUpVector(message, e);
        } else if (failuresInARow == MAX_FAILURES_IN_A_ROW) {
          var rest = messages.subList(i, messages.size());
          logFailure(rest, e);
          postpone(rest, backoff(message.attempts()));
          return;
        } else if (i > 0 && message.attempts() >= MAX_ATTEMPTS_ALONE) {
          giveUpVector(message, e);
        } else {
          logFailure(single, e);
          postpone(single, backoff(message.attempts()));
        }
      }
    }
  }

  private List<float[]> embed(List<QueuedMessage> messages, Embedding embedding)
      throws InterruptedException {
    var byProject = new LinkedHashMap<ProjectId, List<QueuedMessage>>();
    messages.forEach(
        message ->
            byProject.computeIfAbsent(message.project(), _ -> new ArrayList<>()).add(message));
    var vectors = new HashMap<ProjectId, Iterator<float[]>>();
    for (var entry : byProject.entrySet()) {
      var texts = entry.getValue().stream().flatMap(message -> chunks(message).stream()).toList();
      vectors.put(
          entry.getKey(),
          WorkOwner.<List<float[]>, InterruptedException>call(
                  entry.getKey().value() + "/memory", () -> embedding.of(texts))
              .iterator());
    }
    var inOrder = new ArrayList<float[]>();
    for (var message : messages) {
      chunks(message).forEach(_ -> inOrder.add(vectors.get(message.project()).next()));
    }
    return inOrder;
  }

  private static List<String> chunks(QueuedMessage message) {
    return Chunks.of(message.text()).stream().map(Chunks.Chunk::text).toList();
  }

  private void logFailure(List<QueuedMessage> messages, ModelException e) {
    LOG.warnf(
        "embeddings=failed model=%s messages=%d reason=%s",
        embeddings.name(), messages.size(), e.getCause() == null ? e : e.getCause());
  }

  /** Indexes a message by its words for good: the model refuses its text. */
  private void giveUpVector(QueuedMessage message, ModelException e) {
    LOG.warnf(
        "embeddings=refused model=%s thread_id=%s message_id=%s reason=%s",
        embeddings.name(), message.thread(), message.message(), e.getMessage());
    complete(List.of(message), null);
  }

  private interface QueueChange {
    void apply(Tx tx, List<QueuedMessage> messages);
  }

  /**
   * Writes messages and removes them from the queue.
   *
   * @param vectors of all chunks in their order; null to index the words alone
   */
  private void complete(List<QueuedMessage> messages, List<float[]> vectors) {
    write(messages, vectors, queue::complete);
  }

  /** Writes messages by their words, and leaves them in the queue for their vectors. */
  private void postpone(List<QueuedMessage> messages, Duration delay) {
    if (!messages.isEmpty()) {
      write(messages, null, (tx, written) -> queue.postpone(tx, written, delay));
    }
  }

  private void write(List<QueuedMessage> messages, List<float[]> vectors, QueueChange queueChange) {
    try {
      var documents = documents(messages, vectors);
      jdbc.runInTransaction(
          tx -> {
            var existing = queue.lockExisting(tx, messages);
            index.upsert(
                tx,
                documents.stream()
                    .filter(document -> existing.contains(document.sourceId()))
                    .toList());
            queueChange.apply(tx, messages);
            setAssistants(tx, messages);
          });
    } catch (DatabaseException e) {
      if (e.isOutage()) {
        throw e;
      }
      writeOneByOne(messages, vectors, queueChange, e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      writeOneByOne(messages, vectors, queueChange, e);
    }
  }

  /** Sets the assistants that answer on the threads of messages, the latest of each thread. */
  private void setAssistants(Tx tx, List<QueuedMessage> messages) {
    var assistants = new TreeMap<ThreadId, String>(Comparator.comparing(ThreadId::value));
    messages.stream()
        .filter(QueuedMessage::namesAssistant)
        .forEach(message -> assistants.put(message.thread(), message.assistantId()));
    assistants.forEach(
        (thread, assistant) -> {
          index.setAssistant(tx, thread, assistant);
          queue.setAssistant(tx, thread, assistant);
        });
  }

  private List<IndexDocument> documents(List<QueuedMessage> messages, List<float[]> vectors) {
    var documents = new ArrayList<IndexDocument>();
    int chunksBefore = 0;
    for (var message : messages) {
      var chunks = Chunks.of(message.text());
      int chunksUpTo = chunksBefore + chunks.size();
      documents.add(
          MemoryDocuments.of(
              message,
              chunks,
              embeddings.name(),
              vectors == null ? null : vectors.subList(chunksBefore, chunksUpTo)));
      chunksBefore = chunksUpTo;
    }
    return documents;
  }

  private void writeOneByOne(
      List<QueuedMessage> messages,
      List<float[]> vectors,
      QueueChange queueChange,
      RuntimeException failure) {
    if (messages.size() == 1) {
      retryOrSkip(messages.getFirst(), failure);
      return;
    }
    int chunksBefore = 0;
    for (var message : messages) {
      int chunksUpTo = chunksBefore + Chunks.of(message.text()).size();
      write(
          List.of(message),
          vectors == null ? null : vectors.subList(chunksBefore, chunksUpTo),
          queueChange);
      chunksBefore = chunksUpTo;
    }
  }

  private void retryOrSkip(QueuedMessage message, RuntimeException failure) {
    var single = List.of(message);
    boolean isSkipped = message.attempts() >= MAX_ATTEMPTS_ALONE;
    LOG.warnf(
        "memory_index=%s thread_id=%s message_id=%s attempt=%d reason=%s",
        isSkipped ? "skipped" : "failed",
        message.thread(),
        message.message(),
        message.attempts(),
        failure.getMessage());
    jdbc.runInTransaction(
        tx -> {
          if (isSkipped) {
            queue.complete(tx, single);
          } else {
            queue.postpone(tx, single, backoff(message.attempts()));
          }
        });
  }

  private Duration backoff(int attempts) {
    return new Backoff(FIRST_BACKOFF, config.longestBackoff()).delay(attempts + 1);
  }
}
