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
import dev.threadmill.models.response.ResponseAccumulator;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The HTTP client of the library for one call, on our transport. It blocks the calling thread to
 * the end of the stream, so that our limits, errors and interrupts hold for every provider. The
 * library may swallow what is thrown below it; the failure is kept here and thrown by {@link
 * #check}.
 */
final class LangChainHttpClient implements HttpClient, HttpClientBuilder {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_ERROR = 65_536;

  /** Space, and the bytes of a byte order mark. */
  private static final String SPACE = " \t\r\n\u00ef\u00bb\u00bf";

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
      read(response, parser, new Filtered(listener));
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

  /** What the body is, is told by how it begins: content types are often wrong. */
  private void read(StreamingResponse response, ServerSentEventParser parser, Filtered listener)
      throws InterruptedException {
    var body = new PushbackInputStream(new Body(response), 1);
    int first = firstOf(body);
    if (first == '<') {
      throw errors.page(start(response, first), response.charset());
    }
    if ((first == '{' || first == '[') && !filter.streamsJson()) {
      whole(body, listener);
    } else {
      parser.parse(body, listener);
    }
  }

  /** The first byte that is no space, which is left unread; -1 at the end. */
  private static int firstOf(PushbackInputStream body) {
    try {
      int read;
      do {
        read = body.read();
      } while (read >= 0 && SPACE.indexOf(read) >= 0);
      if (read >= 0) {
        body.unread(read);
      }
      return read;
    } catch (IOException _) {
      // The body keeps the failure.
      return -1;
    }
  }

  /** Gives the library the events of a response that came as a whole. */
  private void whole(InputStream body, Filtered listener) {
    try {
      var json = JSON.readTree(body.readAllBytes());
      var reported =
          errors.fromStreamEvent(json.isArray() && !json.isEmpty() ? json.get(0) : json, "", model);
      if (reported != null) {
        throw reported;
      }
      for (var event : filter.eventsOf(json)) {
        listener.onEvent(new ServerSentEvent(event.path("type").asText(null), event.toString()));
      }
    } catch (IOException e) {
      fail(ResponseAccumulator.malformed(provider.name(), e));
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

  /** The beginning of a body of which the first byte was read. */
  private static byte[] start(StreamingResponse response, int first) throws InterruptedException {
    var rest = start(response);
    var all = new byte[rest.length + 1];
    all[0] = (byte) first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
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
      pass(event, filtered -> listener.onEvent(filtered, context));
    }

    @Override
    public void onEvent(ServerSentEvent event) {
      pass(event, listener::onEvent);
    }

    /** The library ignores what is thrown here, and with it what the event had. */
    private void pass(ServerSentEvent event, Consumer<ServerSentEvent> next) {
      for (var filtered : filter(event)) {
        if (fault != null) {
          return;
        }
        try {
          next.accept(filtered);
        } catch (RuntimeException e) {
          fail(ResponseAccumulator.malformed(provider.name(), e));
        }
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

  /** What is no JSON object says nothing, such as {@code [DONE]}, unless it is an error. */
  private List<ServerSentEvent> filter(ServerSentEvent event) {
    var name = event.event() == null ? "" : event.event();
    var json = object(event.data());
    if (json == null && !name.equals("error")) {
      return List.of();
    }
    var error =
        errors.fromStreamEvent(
            json == null ? JSON.createObjectNode().put("error", event.data()) : json, name, model);
    if (error != null) {
      fail(error);
      return List.of();
    }
    return filter.onEvent(json, received).stream()
        .map(each -> new ServerSentEvent(nameOf(each, event), each.toString()))
        .toList();
  }

  private static ObjectNode object(String data) {
    try {
      return data != null && JSON.readTree(data) instanceof ObjectNode json ? json : null;
    } catch (IOException _) {
      return null;
    }
  }

  /** Events that are added have names of their own. */
  private static String nameOf(ObjectNode data, ServerSentEvent event) {
    return event.event() == null ? null : data.path("type").asText(event.event());
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
