package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseAccumulator;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.http.HttpExchange;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.RequestBody;
import dev.threadmill.models.http.Transport;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** One model of an OpenAI-compatible server. */
final class OpenAiModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String OPENAI = "https://api.openai.com/v1";
  private static final int LONGEST_ERROR = 65_536;

  /** How long to wait for the count of tokens once the answer itself is whole. */
  private static final Duration AFTER_FINISH = Duration.ofSeconds(5);

  private final Transport transport;
  private final ModelsConfig config;
  private final ModelInfo info;
  private final String nameAtProvider;
  private final ProviderConfig settings;
  private final ProviderErrors faults;

  OpenAiModel(
      Transport transport,
      ModelsConfig config,
      ModelInfo info,
      String nameAtProvider,
      ProviderConfig settings,
      ProviderErrors faults) {
    this.transport = transport;
    this.config = config;
    this.info = info;
    this.nameAtProvider = nameAtProvider;
    this.settings = settings;
    this.faults = faults;
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var body =
        ChatRequest.write(request, settings.pinnedName(nameAtProvider, request.model()), settings);
    return RetryPolicy.of(config)
        .call(settings.name(), told -> oneTry(request, body, told), deltas);
  }

  private ModelResponse oneTry(ModelRequest request, RequestBody body, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var patience = settings.streams() ? config.nextByteTimeout() : config.answerTimeout();
    long end = System.nanoTime() + config.answerTimeout().toNanos();
    try (var exchange = transport.post(url(), headers(), body, patience)) {
      if (exchange.status() != 200) {
        throw faults.fromStatus(
            exchange.status(), exchange::header, error(exchange, end), request.model());
      }
      var fold = new ResponseAccumulator(deltas);
      var type = exchange.header("content-type");
      if (type.contains("html")) {
        throw ResponseAccumulator.malformed(settings.name(), null);
      }
      return type.contains("json")
          ? whole(request, exchange, fold, end)
          : streamed(request, exchange, fold);
    } catch (HttpExchange.ReadTimeoutException _) {
      throw settings.streams() ? faults.readTimeout(patience) : faults.responseTimeout(patience);
    } catch (IOException e) {
      throw faults.connectionFailed(e);
    }
  }

  private ModelResponse streamed(
      ModelRequest request, HttpExchange exchange, ResponseAccumulator fold)
      throws IOException, InterruptedException {
    var parser = new SseParser(config.longestLine());
    var chunks = new ChunkReader(fold);
    var events = new Events(parser, chunks, request);
    long length = 0;
    while (true) {
      byte[] bytes = nextBytes(exchange, fold);
      if (bytes == null) {
        parser.end();
      } else {
        length += bytes.length;
        feed(parser, bytes, length);
      }
      if (fold.batched(events::takeAll)) {
        exchange.drainAndRelease();
        return whole(request, fold);
      }
      if (bytes == null) {
        return whole(request, fold);
      }
    }
  }

  /** The events of one answer. */
  private final class Events {
    private final SseParser parser;
    private final ChunkReader chunks;
    private final ModelRequest request;
    private String lastId = "";

    Events(SseParser parser, ChunkReader chunks, ModelRequest request) {
      this.parser = parser;
      this.chunks = chunks;
      this.request = request;
    }

    /** Takes all that have come. Returns whether one of them says that it was the last. */
    boolean takeAll() {
      for (var event = parser.next(); event != null; event = parser.next()) {
        if (event.is("[DONE]")) {
          return true;
        }
        boolean repeated = !event.id().isEmpty() && event.id().equals(lastId);
        lastId = event.id();
        if (!repeated) {
          take(event, chunks, request);
        }
      }
      return false;
    }
  }

  /** The next bytes; null at the end, which need not be waited for when the answer is whole. */
  private byte[] nextBytes(HttpExchange exchange, ResponseAccumulator fold)
      throws IOException, InterruptedException {
    if (!fold.isFinished()) {
      return exchange.read(config.nextByteTimeout());
    }
    try {
      var limit = config.nextByteTimeout();
      return exchange.read(limit.compareTo(AFTER_FINISH) < 0 ? limit : AFTER_FINISH);
    } catch (IOException _) {
      return null;
    }
  }

  private void feed(SseParser parser, byte[] bytes, long length) {
    if (length > config.longestAnswer()) {
      throw faults.responseTooLarge();
    }
    try {
      parser.feed(bytes);
    } catch (SseParser.LineTooLong _) {
      throw faults.responseTooLarge();
    }
  }

  private void take(SseParser.Event event, ChunkReader chunks, ModelRequest request) {
    JsonNode chunk;
    try {
      chunk = JSON.readTree(event.data());
    } catch (IOException e) {
      throw ResponseAccumulator.malformed(settings.name(), e);
    }
    if (!chunk.isObject()) {
      throw ResponseAccumulator.malformed(settings.name(), null);
    }
    var fault = faults.fromStreamEvent(chunk, event.name(), request.model());
    if (fault != null) {
      throw fault;
    }
    chunks.take(chunk);
  }

  private ModelResponse whole(
      ModelRequest request, HttpExchange exchange, ResponseAccumulator fold, long end)
      throws IOException, InterruptedException {
    var body = Transport.read(exchange, config.longestAnswer(), end);
    if (body == null) {
      throw faults.responseTooLarge();
    }
    JsonNode completion;
    try {
      completion = JSON.readTree(body);
    } catch (IOException e) {
      throw ResponseAccumulator.malformed(settings.name(), e);
    }
    var fault = faults.fromStreamEvent(completion, "", request.model());
    if (fault != null) {
      throw fault;
    }
    new ChunkReader(fold).take(completion);
    return whole(request, fold);
  }

  private ModelResponse whole(ModelRequest request, ResponseAccumulator fold) {
    if (settings.reasoningField().isPresent() && !fold.reasoning().isEmpty()) {
      fold.thoughts(new ReasoningState(settings.type(), fold.reasoning(), Map.of()));
    }
    return fold.complete(request, settings.name());
  }

  /** What an error's body says; null if it cannot be had. */
  private JsonNode error(HttpExchange exchange, long end) throws InterruptedException {
    try {
      var body = Transport.read(exchange, LONGEST_ERROR, end);
      return body == null ? null : JSON.readTree(body);
    } catch (IOException _) {
      return null;
    }
  }

  private String url() {
    var base = settings.baseUrl().orElse(OPENAI);
    int query = base.indexOf('?');
    return query < 0
        ? base + "/chat/completions"
        : base.substring(0, query) + "/chat/completions" + base.substring(query);
  }

  private Map<String, String> headers() {
    var headers = new HashMap<String, String>();
    headers.put("content-type", "application/json");
    headers.put("accept", settings.streams() ? "text/event-stream" : "application/json");
    settings.apiKey().ifPresent(key -> headers.put("authorization", "Bearer " + key));
    headers.putAll(settings.headers());
    return headers;
  }
}
