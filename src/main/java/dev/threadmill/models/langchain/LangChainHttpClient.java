package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEvent;
import dev.langchain4j.http.client.sse.ServerSentEventContext;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The HTTP client of the library for one call, on our transport. It blocks the calling thread to
 * the end of the stream, so that our limits, errors and interrupts hold for every provider. The
 * library may swallow what is thrown below it; the failure is kept here and thrown by {@link
 * #check}.
 */
final class LangChainHttpClient implements HttpClient, HttpClientBuilder {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_ERROR = 65_536;

  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final ProviderConfig provider;
  private final ProviderErrors errors;
  private final String model;
  private final WireFilter filter;
  private final Received received = new Received();
  private RuntimeException fault;
  private boolean interrupted;
  private boolean isHeadReceived;

  LangChainHttpClient(
      ProviderTransport transport,
      ModelsConfig config,
      ProviderConfig provider,
      ProviderErrors errors,
      String model,
      WireFilter filter) {
    this.transport = transport;
    this.config = config;
    this.provider = provider;
    this.errors = errors;
    this.model = model;
    this.filter = filter;
  }

  /** What the events say that the library does not pass on. */
  Received received() {
    return received;
  }

  /** Throws what ended the call, if anything did. */
  void check() throws InterruptedException {
    if (interrupted) {
      throw new InterruptedException();
    }
    if (fault != null) {
      throw fault;
    }
  }

  /** Ends the call with this fault as soon as the next bytes are read. */
  void fail(RuntimeException why) {
    if (fault == null) {
      fault = why;
    }
  }

  @Override
  public void execute(
      HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
    try (var response =
        transport.send(
            "POST",
            request.url(),
            headers(request),
            body(request),
            provider.timeouts(config),
            config.longestAnswer())) {
      isHeadReceived = true;
      if (response.status() != 200) {
        throw errors.fromStatus(
            response.status(), name -> response.header(name).orElse(""), start(response), model);
      }
      listener.onOpen(
          SuccessfulHttpResponse.builder()
              .statusCode(200)
              .headers(Map.of("content-type", List.of(response.header("content-type").orElse(""))))
              .build());
      parser.parse(new Body(response), new Filtered(listener));
      if (fault == null && !interrupted) {
        listener.onClose();
      }
    } catch (EgressException e) {
      fail(failure(e));
    } catch (InterruptedException _) {
      interrupted = true;
    } catch (ProviderException e) {
      fail(e);
    }
  }

  private ProviderException failure(EgressException e) {
    return switch (e.kind()) {
      case TIMED_OUT ->
          errors.readTimeout(
              isHeadReceived
                  ? provider.nextByteTimeout(config)
                  : provider.firstByteTimeout(config));
      case TOO_LARGE -> errors.responseTooLarge();
      case REFUSED, UNREACHABLE, BROKEN -> errors.connectionFailed(e);
    };
  }

  @Override
  public SuccessfulHttpResponse execute(HttpRequest request) {
    throw new UnsupportedOperationException("answers are streamed");
  }

  private static Map<String, String> headers(HttpRequest request) {
    var headers = new HashMap<String, String>();
    request.headers().forEach((name, values) -> headers.put(name, String.join(",", values)));
    return headers;
  }

  private RequestBody body(HttpRequest request) {
    if (request.body() == null) {
      return RequestBody.of(new byte[0]);
    }
    try {
      if (JSON.readTree(request.body()) instanceof ObjectNode json) {
        filter.onRequest(json);
        return RequestBody.of(JSON.writeValueAsBytes(json));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return RequestBody.of(request.body().getBytes(StandardCharsets.UTF_8));
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

  /** Shows the events to the filter before the library has them. */
  private final class Filtered implements ServerSentEventListener {
    private final ServerSentEventListener listener;

    Filtered(ServerSentEventListener listener) {
      this.listener = listener;
    }

    @Override
    public void onOpen(SuccessfulHttpResponse response) {
      listener.onOpen(response);
    }

    @Override
    public void onEvent(ServerSentEvent event, ServerSentEventContext context) {
      var filtered = filter(event);
      if (fault == null) {
        listener.onEvent(filtered, context);
      }
    }

    @Override
    public void onEvent(ServerSentEvent event) {
      var filtered = filter(event);
      if (fault == null) {
        listener.onEvent(filtered);
      }
    }

    @Override
    public void onError(Throwable error) {
      listener.onError(error);
    }

    @Override
    public void onClose() {
      listener.onClose();
    }
  }

  private ServerSentEvent filter(ServerSentEvent event) {
    try {
      if (event.data() == null || !(JSON.readTree(event.data()) instanceof ObjectNode json)) {
        return event;
      }
      var error = errors.fromStreamEvent(json, event.event() == null ? "" : event.event(), model);
      if (error != null) {
        fail(error);
        return event;
      }
      filter.onEvent(json, received);
      return new ServerSentEvent(event.event(), json.toString());
    } catch (IOException _) {
      return event;
    }
  }

  /** The bytes of the response, for the parser of the library. */
  private final class Body extends InputStream {
    private final StreamingResponse response;

    Body(StreamingResponse response) {
      this.response = response;
    }

    @Override
    public int read() throws IOException {
      var one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (fault != null) {
        throw new IOException("the call has failed");
      }
      try {
        return response.body().read(into, offset, length);
      } catch (IOException e) {
        try {
          fail(failure(response.toFailure(e)));
        } catch (InterruptedException _) {
          interrupted = true;
        }
        throw e;
      }
    }
  }

  @Override
  public Duration connectTimeout() {
    return config.connectTimeout();
  }

  @Override
  public HttpClientBuilder connectTimeout(Duration timeout) {
    return this;
  }

  @Override
  public Duration readTimeout() {
    return provider.nextByteTimeout(config);
  }

  @Override
  public HttpClientBuilder readTimeout(Duration timeout) {
    return this;
  }

  @Override
  public HttpClient build() {
    return this;
  }
}
