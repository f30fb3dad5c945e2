package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.egress.StreamingResponse;
import dev.threadmill.egress.Timeouts;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Carries one call of the library over our own transport, blocking the calling thread to the end of
 * the stream: so our limits of time and length, our errors and interrupts hold for every provider.
 * The library may swallow what is thrown below it; the fault is kept here and told by {@link
 * #check}.
 */
final class LangChainHttpClient implements HttpClient, HttpClientBuilder {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_ERROR = 65_536;

  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final ProviderErrors faults;
  private final String model;
  private RuntimeException fault;
  private boolean interrupted;

  LangChainHttpClient(
      ProviderTransport transport, ModelsConfig config, ProviderErrors faults, String model) {
    this.transport = transport;
    this.config = config;
    this.faults = faults;
    this.model = model;
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
    var timeouts = new Timeouts(config.nextByteTimeout(), config.nextByteTimeout(), null);
    try (var response =
        transport.send(
            "POST",
            request.url(),
            headers(request),
            body(request),
            timeouts,
            config.longestAnswer())) {
      if (response.status() != 200) {
        throw faults.fromStatus(
            response.status(), name -> response.header(name).orElse(""), error(response), model);
      }
      listener.onOpen(
          SuccessfulHttpResponse.builder()
              .statusCode(200)
              .headers(Map.of("content-type", List.of(response.header("content-type").orElse(""))))
              .build());
      parser.parse(new Body(response), listener);
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
      case TIMED_OUT -> faults.readTimeout(config.nextByteTimeout());
      case TOO_LARGE -> faults.responseTooLarge();
      case REFUSED, UNREACHABLE, BROKEN -> faults.connectionFailed(e);
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

  private static RequestBody body(HttpRequest request) {
    return RequestBody.of(
        request.body() == null ? new byte[0] : request.body().getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode error(StreamingResponse response) throws InterruptedException {
    try {
      return JSON.readTree(response.body().readNBytes(LONGEST_ERROR));
    } catch (IOException _) {
      return null;
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
    return config.nextByteTimeout();
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
