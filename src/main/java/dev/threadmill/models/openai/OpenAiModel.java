package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.SseParser;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseAccumulator;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
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
  private static final int BUFFER = 16 * 1024;

  /** How long to wait for the count of tokens once the answer itself is whole. */
  private static final Duration AFTER_FINISH = Duration.ofSeconds(5);

  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final ModelInfo info;
  private final String nameAtProvider;
  private final ProviderConfig settings;
  private final ProviderErrors faults;

  OpenAiModel(
      ProviderTransport transport,
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
    var timeouts =
        settings.streams()
            ? new Timeouts(config.nextByteTimeout(), config.nextByteTimeout(), null)
            : Timeouts.total(config.answerTimeout());
    try (var response =
        transport.send("POST", url(), headers(), body, timeouts, config.longestAnswer())) {
      if (response.status() != 200) {
        throw faults.fromStatus(
            response.status(),
            name -> response.header(name).orElse(""),
            error(response),
            request.model());
      }
      var fold = new ResponseAccumulator(deltas);
      var type = response.mediaType();
      if (type.contains("html")) {
        throw ResponseAccumulator.malformed(settings.name(), null);
      }
      return type.contains("json")
          ? whole(request, response, fold)
          : streamed(request, response, fold);
    } catch (EgressException e) {
      throw failure(e);
    }
  }

  private ProviderException failure(EgressException e) {
    return switch (e.kind()) {
      case TIMED_OUT ->
          settings.streams()
              ? faults.readTimeout(config.nextByteTimeout())
              : faults.responseTimeout(config.answerTimeout());
      case TOO_LARGE -> faults.responseTooLarge();
      case REFUSED, UNREACHABLE, BROKEN -> faults.connectionFailed(e);
    };
  }

  private ModelResponse streamed(
      ModelRequest request, StreamingResponse response, ResponseAccumulator fold)
      throws EgressException, InterruptedException {
    var parser = new SseParser(config.longestLine());
    var events = new Events(parser, new ChunkReader(fold), request);
    var buffer = new byte[BUFFER];
    while (true) {
      int read = read(response, buffer, fold);
      if (read < 0) {
        parser.end();
      } else {
        feed(parser, buffer, read);
      }
      if (fold.batched(events::takeAll)) {
        response.drainAndRelease();
        return whole(request, fold);
      }
      if (read < 0) {
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

  /** Reads more of the body. The end is not waited for when the response is complete. */
  private int read(StreamingResponse response, byte[] buffer, ResponseAccumulator fold)
      throws EgressException, InterruptedException {
    if (fold.isFinished()) {
      response.limitBetweenBytes(AFTER_FINISH);
    }
    try {
      return response.body().read(buffer);
    } catch (IOException e) {
      var failure = response.toFailure(e);
      if (fold.isFinished()) {
        return -1;
      }
      throw failure;
    }
  }

  private void feed(SseParser parser, byte[] bytes, int length) {
    try {
      parser.feed(bytes, length);
    } catch (SseParser.LineTooLongException _) {
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
      ModelRequest request, StreamingResponse response, ResponseAccumulator fold)
      throws EgressException, InterruptedException {
    var body = response.read().body();
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

  /** The JSON of an error response; null if there is none. */
  private JsonNode error(StreamingResponse response) throws InterruptedException {
    try {
      return JSON.readTree(response.body().readNBytes(LONGEST_ERROR));
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
