package dev.threadmill.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * An OpenAI-compatible server on loopback with scripted replies, which records the requests.
 *
 * <pre>{@code
 * try (var provider = FakeProvider.start()) {
 *   provider.reply(Reply.error(429, "rate_limit_exceeded", "Slow down.").withHeader("retry-after", "0"));
 *   provider.reply(Reply.call("get_weather", "{}"), Reply.text("It is sunny."));
 *   … // with OPENAI_BASE_URL=provider.baseUrl()
 *   assertThat(provider.requests()).hasSize(3);
 * }
 * }</pre>
 *
 * <p>A request takes the next reply queued for its model, else the next queued for any model, else
 * the reply of {@link #otherwise}. {@link Reply#withGate} holds an answer back without sleeping.
 * Models named {@code mock-…} answer by {@link MockReplyOptions} without a script. As a separate
 * program it takes the port and the number of event loops: {@code FakeProvider 9090 2}; its log is
 * at {@code GET /log}, and {@code DELETE /log} clears it.
 */
public final class FakeProvider implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_LOG = 200_000;
  private static final int LONGEST_EMBEDDINGS_LOG = 100;

  private final Vertx vertx = Vertx.vertx();
  private final Queue<Reply> queue = new ArrayDeque<>();
  private final Map<String, Queue<Reply>> queueByModel = new ConcurrentHashMap<>();
  private final ConcurrentLinkedDeque<Request> log = new ConcurrentLinkedDeque<>();
  private final AtomicInteger logged = new AtomicInteger();
  private final ConcurrentLinkedDeque<Request> embeddingsLog = new ConcurrentLinkedDeque<>();
  private volatile Function<Request, Reply> otherwise =
      _ -> Reply.text("Hello from the fake provider.");
  private final AtomicInteger descriptions = new AtomicInteger();
  private volatile String description;
  private volatile List<String> listed = List.of();
  private volatile boolean embeddingsDown;
  private volatile boolean embeddingsSilent;
  private volatile String refusedByEmbeddings;
  private volatile String found;
  private volatile int port;

  /** A received request. */
  public static final class Request {
    private final String path;
    private final String remote;
    private final Map<String, String> headers;
    private final JsonNode body;
    private final int size;
    private final long arrived =
        System.currentTimeMillis() * 1_000_000 + System.nanoTime() % 1_000_000;
    private final long arrivedNanos = System.nanoTime();
    volatile long firstByteNanos;
    volatile long lastByteNanos;
    volatile boolean hungUp;

    private Request(
        String path, String remote, Map<String, String> headers, JsonNode body, int size) {
      this.path = path;
      this.remote = remote;
      this.headers = headers;
      this.body = body;
      this.size = size;
    }

    public String path() {
      return path;
    }

    /** The client's address and port, which identify the connection. */
    public String remote() {
      return remote;
    }

    /** Headers by lower-case name. */
    public Map<String, String> headers() {
      return headers;
    }

    public JsonNode body() {
      return body;
    }

    public String model() {
      return body.path("model").asText();
    }

    /** The time of arrival in terms of {@link System#nanoTime}. */
    public long arrivedNanos() {
      return arrivedNanos;
    }

    /** Whether the client closed the connection before the response was complete. */
    public boolean hungUp() {
      return hungUp;
    }

    /** Whether the response was sent completely. */
    public boolean answered() {
      return lastByteNanos != 0;
    }

    private JsonNode toJson() {
      return JSON.createObjectNode()
          .put("model", model())
          .put("arrived_unix_nanos", arrived)
          .put("first_byte_after_nanos", firstByteNanos == 0 ? -1 : firstByteNanos - arrivedNanos)
          .put("last_byte_after_nanos", lastByteNanos == 0 ? -1 : lastByteNanos - arrivedNanos)
          .put("body_bytes", size)
          .put("hung_up", hungUp);
    }
  }

  private FakeProvider() {}

  /** Starts a provider on a free port. */
  public static FakeProvider start() {
    return start(0, 1);
  }

  /** Starts a provider on this port, 0 for a free one, with this many event loops. */
  public static FakeProvider start(int port, int eventLoops) {
    var provider = new FakeProvider();
    provider
        .vertx
        .deployVerticle(
            () -> provider.new Listener(port), new DeploymentOptions().setInstances(eventLoops))
        .toCompletionStage()
        .toCompletableFuture()
        .join();
    return provider;
  }

  public static void main(String... args) {
    var provider =
        start(
            args.length > 0 ? Integer.parseInt(args[0]) : 0,
            args.length > 1 ? Integer.parseInt(args[1]) : 1);
    System.out.println(provider.baseUrl());
  }

  /** The value for OPENAI_BASE_URL. */
  public String baseUrl() {
    return "http://127.0.0.1:" + port + "/v1";
  }

  /** Queues replies for the next requests. */
  public FakeProvider reply(Reply... replies) {
    synchronized (queue) {
      queue.addAll(Arrays.asList(replies));
    }
    return this;
  }

  /** Queues replies for requests with exactly this model name. */
  public FakeProvider replyTo(String model, Reply... replies) {
    var ofModel = queueByModel.computeIfAbsent(model, _ -> new ArrayDeque<>());
    synchronized (ofModel) {
      ofModel.addAll(Arrays.asList(replies));
    }
    return this;
  }

  /** Sets the reply to requests without a queued one. */
  public FakeProvider otherwise(Function<Request, Reply> reply) {
    otherwise = reply;
    return this;
  }

  /** The names of the models that it lists, none unless this is called. */
  public FakeProvider lists(String... names) {
    listed = List.of(names);
    return this;
  }

  /** How it describes each model, in the form of Ollama; not at all unless this is called. */
  public FakeProvider describes(String json) {
    description = json;
    return this;
  }

  /** How often it was asked to describe a model. */
  public int descriptions() {
    return descriptions.get();
  }

  private String listing() {
    var listing = JSON.createObjectNode().put("object", "list");
    var data = listing.putArray("data");
    listed.forEach(name -> data.addObject().put("id", name).put("object", "model"));
    return listing.toString();
  }

  /** Sets whether its embedding models fail. */
  public FakeProvider embeddingsDown(boolean down) {
    embeddingsDown = down;
    return this;
  }

  /** Sets whether its embedding models leave requests without an answer. */
  public FakeProvider embeddingsSilent(boolean silent) {
    embeddingsSilent = silent;
    return this;
  }

  /** Text that the embedding model refuses, and all texts of the same request; null for none. */
  public FakeProvider refusedByEmbeddings(String text) {
    refusedByEmbeddings = text;
    return this;
  }

  /** What a search of the web finds, as JSON; the search fails unless this is called. */
  public FakeProvider finds(String json) {
    found = json;
    return this;
  }

  /** The requests so far, oldest first. */
  public List<Request> requests() {
    return List.copyOf(log);
  }

  /** The latest requests for embeddings, oldest first. */
  public List<Request> embeddingsRequests() {
    return List.copyOf(embeddingsLog);
  }

  /** The latest request. */
  public Request lastRequest() {
    return log.getLast();
  }

  /** Clears the requests and the queued replies. */
  public void reset() {
    log.clear();
    embeddingsLog.clear();
    logged.set(0);
    queueByModel.clear();
    synchronized (queue) {
      queue.clear();
    }
    found = null;
    otherwise = _ -> Reply.text("Hello from the fake provider.");
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private Reply replyTo(Request request) {
    var ofModel = queueByModel.get(request.model());
    if (ofModel != null) {
      synchronized (ofModel) {
        if (!ofModel.isEmpty()) {
          return ofModel.poll();
        }
      }
    }
    var options = MockReplyOptions.of(request.model());
    if (options.isPresent()) {
      return options.get().reply(request.body(), options.get().busy() ? before(request) : 0);
    }
    synchronized (queue) {
      if (!queue.isEmpty()) {
        return queue.poll();
      }
    }
    return otherwise.apply(request);
  }

  private int before(Request request) {
    int same = -1;
    for (var each : log) {
      same += each.body().equals(request.body()) ? 1 : 0;
    }
    return same;
  }

  /** The server on one event loop. */
  private final class Listener extends AbstractVerticle {
    private final int wanted;

    Listener(int wanted) {
      this.wanted = wanted;
    }

    @Override
    public void start(Promise<Void> started) {
      var options = new HttpServerOptions().setTcpNoDelay(true).setHost("127.0.0.1");
      HttpServer server = vertx.createHttpServer(options).requestHandler(this::handle);
      server
          .listen(wanted)
          .onSuccess(
              listening -> {
                port = listening.actualPort();
                started.complete();
              })
          .onFailure(started::fail);
    }

    private void handle(HttpServerRequest http) {
      if (http.path().equals("/log")) {
        serveLog(http);
        return;
      }
      http.body().onSuccess(body -> answer(http, body)).onFailure(_ -> http.connection().close());
    }

    private void answer(HttpServerRequest http, Buffer body) {
      JsonNode json;
      try {
        json = body.length() == 0 ? JSON.createObjectNode() : JSON.readTree(body.getBytes());
      } catch (IOException _) {
        http.response().setStatusCode(400).end("not JSON");
        return;
      }
      var headers = new ConcurrentHashMap<String, String>();
      http.headers().forEach((name, value) -> headers.put(name.toLowerCase(Locale.ROOT), value));
      var request =
          new Request(http.path(), http.remoteAddress().toString(), headers, json, body.length());
      if (http.path().endsWith("/models")) {
        end(http.response(), listing());
      } else if (http.path().endsWith("/api/show")) {
        descriptions.incrementAndGet();
        http.response().setStatusCode(description == null ? 404 : 200);
        end(http.response(), description == null ? "{}" : description);
      } else if (http.path().endsWith("/web-search")) {
        log.add(request);
        http.response().setStatusCode(found == null ? 400 : 200);
        end(http.response(), found == null ? "{}" : found);
      } else if (http.path().endsWith("/moderations")) {
        log.add(request);
        end(http.response(), FakeVectors.moderations(json));
      } else if (http.path().endsWith("/embeddings")) {
        embeddingsLog.add(request);
        if (embeddingsLog.size() > LONGEST_EMBEDDINGS_LOG) {
          embeddingsLog.pollFirst();
        }
        if (embeddingsSilent) {
          return;
        }
        var refused = refusedByEmbeddings;
        boolean isRefused = refused != null && json.path("input").toString().contains(refused);
        if (embeddingsDown || isRefused) {
          http.response().setStatusCode(embeddingsDown ? 503 : 400);
        }
        end(http.response(), embeddingsDown || isRefused ? "{}" : FakeVectors.embeddings(json));
      } else {
        log.add(request);
        if (logged.incrementAndGet() > LONGEST_LOG) {
          log.pollFirst();
        }
        new ReplyWriter(vertx, http, request, replyTo(request)).begin();
      }
    }

    private void serveLog(HttpServerRequest http) {
      if (http.method().name().equals("DELETE")) {
        log.clear();
        logged.set(0);
      }
      var lines = new StringBuilder();
      log.forEach(request -> lines.append(request.toJson()).append('\n'));
      http.response().end(lines.toString());
    }

    private void end(HttpServerResponse response, String json) {
      response.putHeader("content-type", "application/json").end(json);
    }
  }
}
