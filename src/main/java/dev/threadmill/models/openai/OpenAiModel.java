package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.SseParser;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.adapt.AdaptiveCall;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.response.ResponseAccumulator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One model of an OpenAI-compatible server. */
final class OpenAiModel implements LanguageModel {
  /** Servers in Python write numbers that are none, for example among log probabilities. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final int LONGEST_ERROR = 65_536;

  /** Each open stream holds one; an event of a stream is a few hundred bytes. */
  private static final int BUFFER = 2 * 1024;

  /** What may stand before a body, with the bytes of the byte order mark. */
  private static final String SPACE = " \t\r\n\u00EF\u00BB\u00BF";

  /** How long to wait for the usage once the response itself is complete. */
  private static final Duration AFTER_FINISH = Duration.ofSeconds(5);

  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final LearnedFacts learned;
  private final ModelInfo info;
  private final String nameAtProvider;
  private final ProviderConfig provider;
  private final ProviderErrors errors;

  OpenAiModel(
      ProviderTransport transport,
      ModelsConfig config,
      LearnedFacts learned,
      ModelInfo info,
      String nameAtProvider,
      ProviderConfig provider,
      ProviderErrors errors) {
    this.transport = transport;
    this.config = config;
    this.learned = learned;
    this.info = info;
    this.nameAtProvider = nameAtProvider;
    this.provider = provider;
    this.errors = errors;
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var model = provider.pinnedName(nameAtProvider, request.model());
    return new AdaptiveCall(learned, provider.name(), nameAtProvider, info)
        .run(
            request,
            deltas,
            (facts, maxTokens, sent, emitted) -> {
              var written =
                  ChatRequest.write(request, nameAtProvider, model, provider, facts, maxTokens);
              sent.addAll(written.parameters());
              return RetryPolicy.of(config, provider, learned.pace(provider.name(), nameAtProvider))
                  .call(
                      provider.name(),
                      ofAttempt -> attempt(request, written.body(), ofAttempt),
                      emitted);
            });
  }

  private ModelResponse attempt(ModelRequest request, RequestBody body, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    boolean streams = provider.streams() && request.isStreamable();
    try (var response = send(body, streams)) {
      if (response.status() / 100 != 2) {
        throw errors.fromStatus(
            response.status(),
            name -> response.header(name).orElse(""),
            start(response),
            request.model());
      }
      return new Reading(request, response, deltas).read();
    } catch (EgressException e) {
      throw failure(e, streams, provider.nextByteTimeout(config));
    }
  }

  private StreamingResponse send(RequestBody body, boolean streams) throws InterruptedException {
    try {
      return transport.send(
          "POST",
          provider.endpoint("/chat/completions"),
          headers(streams),
          body,
          streams ? provider.timeouts(config) : Timeouts.total(provider.answerTimeout(config)),
          config.longestAnswer());
    } catch (EgressException e) {
      throw failure(e, streams, provider.firstByteTimeout(config));
    }
  }

  private ProviderException failure(EgressException e, boolean streams, Duration readTimeout) {
    return switch (e.kind()) {
      case TIMED_OUT ->
          streams
              ? errors.readTimeout(readTimeout)
              : errors.responseTimeout(provider.answerTimeout(config));
      case TOO_LARGE -> errors.responseTooLarge();
      case REFUSED, UNREACHABLE, BROKEN -> errors.connectionFailed(e);
    };
  }

  /** The beginning of the body of an error or a page; empty if it cannot be read. */
  private static byte[] start(StreamingResponse response) throws InterruptedException {
    try {
      return response.body().readNBytes(LONGEST_ERROR);
    } catch (IOException e) {
      var _ = response.toFailure(e);
      return new byte[0];
    }
  }

  private Map<String, String> headers(boolean streams) {
    var headers = new HashMap<String, String>();
    headers.put("content-type", "application/json");
    headers.put("accept", streams ? "text/event-stream" : "application/json");
    provider.apiKey().ifPresent(key -> headers.put("authorization", "Bearer " + key));
    headers.putAll(provider.headers());
    return headers;
  }

  /** The form of a body, by how it begins: content types are often wrong. */
  private enum Form {
    UNKNOWN,
    EVENTS,
    JSON,
    PAGE
  }

  /** The reading of one response. */
  private final class Reading {
    private final ModelRequest request;
    private final StreamingResponse response;
    private final ResponseAccumulator accumulator;
    private final ChunkReader chunks;
    private final SseParser parser = new SseParser(config.longestLine());
    private final ByteArrayOutputStream start = new ByteArrayOutputStream();
    private final Repetitions repetitions = new Repetitions();

    Reading(ModelRequest request, StreamingResponse response, Consumer<ModelDelta> deltas) {
      this.request = request;
      this.response = response;
      this.accumulator =
          new ResponseAccumulator(
              request,
              provider.name(),
              provider.options().reasoningTags(),
              provider.options().textToolCalls(),
              deltas);
      this.chunks = new ChunkReader(accumulator, provider, nameAtProvider);
    }

    ModelResponse read() throws EgressException, InterruptedException {
      var form = Form.UNKNOWN;
      var buffer = new byte[BUFFER];
      while (true) {
        int read = read(buffer);
        int from = 0;
        if (form == Form.UNKNOWN) {
          // Space before the beginning is not kept: it may never end.
          from = beginning(buffer, read);
          form = from < read ? form(buffer[from]) : form;
        }
        if (from < read && form == Form.EVENTS) {
          feed(Arrays.copyOfRange(buffer, from, read));
        } else if (from < read) {
          start.write(buffer, from, read - from);
        }
        if (form == Form.PAGE) {
          start.writeBytes(start(response));
          throw errors.page(start.toByteArray(), response.charset());
        }
        if (read < 0 && form != Form.EVENTS) {
          return whole();
        }
        if (read < 0) {
          parser.end();
        }
        if (form == Form.EVENTS && accumulator.batched(this::takeEvents)) {
          accumulator.endOfStream();
          response.drainAndRelease();
          return complete();
        }
        if (read < 0) {
          return complete();
        }
      }
    }

    /** Where space and a byte order mark end. */
    private static int beginning(byte[] bytes, int length) {
      int at = 0;
      while (at < length && SPACE.indexOf(bytes[at] & 0xff) >= 0) {
        at++;
      }
      return at;
    }

    private static Form form(byte first) {
      return switch (first) {
        case '{', '[' -> Form.JSON;
        case '<' -> Form.PAGE;
        default -> Form.EVENTS;
      };
    }

    /** Reads more of the body. The end is not waited for when the response is complete. */
    private int read(byte[] buffer) throws EgressException, InterruptedException {
      if (accumulator.isFinished()) {
        response.limitBetweenBytes(AFTER_FINISH);
      }
      try {
        return response.body().read(buffer);
      } catch (IOException e) {
        var failure = response.toFailure(e);
        if (accumulator.isFinished()) {
          return -1;
        }
        throw failure;
      }
    }

    private void feed(byte[] bytes) {
      try {
        parser.feed(bytes);
      } catch (SseParser.LineTooLongException _) {
        throw errors.responseTooLarge();
      }
    }

    /** Reads all events that have arrived. Returns whether one of them marks the end. */
    private boolean takeEvents() {
      for (var event = parser.next(); event != null; event = parser.next()) {
        var data = EventData.of(event.text());
        boolean repeated = repetitions.contain(event);
        if (!repeated && event.name().equals("error") && data.isPlainText()) {
          throw errors.fromStreamEvent(
              JSON.createObjectNode().put("error", data.json()), "error", request.model());
        }
        if (!repeated && !data.isPlainText()) {
          take(data.json(), event.name());
        }
        if (data.isEnd()) {
          return true;
        }
      }
      return false;
    }

    private ModelResponse whole() {
      take(start.toString(StandardCharsets.UTF_8), "");
      if (accumulator.isEmpty()) {
        throwIfInWords(start.toByteArray());
      }
      // It ends where its JSON ends, whether a reason is named or not.
      accumulator.endOfStream();
      return complete();
    }

    /** Reads the JSON values of a text, of which some gateways send several at once. */
    private void take(String text, String eventName) {
      try (MappingIterator<JsonNode> values = JSON.readerFor(JsonNode.class).readValues(text)) {
        while (values.hasNextValue()) {
          var value = values.nextValue();
          for (var each : value.isArray() ? value : List.of(value)) {
            if (each.isObject()) {
              take(each, eventName);
            } else if (!each.isNull()) {
              throw ResponseAccumulator.malformed(provider.name(), null);
            }
          }
        }
      } catch (IOException e) {
        throw ResponseAccumulator.malformed(provider.name(), e);
      }
    }

    private void take(JsonNode chunk, String eventName) {
      throwIfError(chunk, eventName);
      for (var choice : chunk.path("choices")) {
        throwIfError(choice, "");
      }
      chunks.take(chunk);
    }

    private void throwIfError(JsonNode json, String eventName) {
      var error = errors.fromStreamEvent(json, eventName, request.model());
      if (error != null) {
        throw error;
      }
    }

    /** Some gateways report an error with status 200, in a form of their own. */
    private void throwIfInWords(byte[] body) {
      var error = errors.fromWords(body, request.model());
      if (error != null) {
        throw error;
      }
    }

    private ModelResponse complete() {
      return accumulator.complete(request, info.contextWindow(), chunks::state);
    }
  }
}
