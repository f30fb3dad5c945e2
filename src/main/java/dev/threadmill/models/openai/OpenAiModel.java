package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** One model of an OpenAI-compatible server. */
final class OpenAiModel implements LanguageModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_ERROR = 65_536;

  /** Each open stream holds one; an event of a stream is a few hundred bytes. */
  private static final int BUFFER = 2 * 1024;

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
              return RetryPolicy.of(config, provider)
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
      if (response.status() != 200) {
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

  /** The beginning of the body of an error; empty if it cannot be read. */
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
    private String lastId = "";

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
        if (form == Form.UNKNOWN && read > 0) {
          start.write(buffer, 0, read);
          form = form(start.toByteArray());
          if (form == Form.EVENTS) {
            feed(start.toByteArray(), start.size());
          }
        } else if (form == Form.EVENTS && read > 0) {
          feed(buffer, read);
        } else if (read > 0) {
          start.write(buffer, 0, read);
        }
        if (form == Form.PAGE) {
          throw ResponseAccumulator.malformed(provider.name(), null);
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

    private Form form(byte[] begin) {
      for (byte each : begin) {
        switch (each) {
          case ' ', '\t', '\r', '\n', (byte) 0xEF, (byte) 0xBB, (byte) 0xBF -> {}
          case '{', '[' -> {
            return Form.JSON;
          }
          case '<' -> {
            return Form.PAGE;
          }
          default -> {
            return Form.EVENTS;
          }
        }
      }
      return Form.UNKNOWN;
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

    private void feed(byte[] bytes, int length) {
      try {
        parser.feed(bytes, length);
      } catch (SseParser.LineTooLongException _) {
        throw errors.responseTooLarge();
      }
    }

    /** Reads all events that have arrived. Returns whether one of them marks the end. */
    private boolean takeEvents() {
      for (var event = parser.next(); event != null; event = parser.next()) {
        var data = EventData.of(event.text());
        boolean repeated = !event.id().isEmpty() && event.id().equals(lastId);
        lastId = event.id();
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
            if (!each.isObject()) {
              throw ResponseAccumulator.malformed(provider.name(), null);
            }
            take(each, eventName);
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

    private ModelResponse complete() {
      return accumulator.complete(request, info.contextWindow(), chunks::state);
    }
  }
}
