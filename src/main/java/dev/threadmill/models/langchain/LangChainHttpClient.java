package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.http.HttpExchange;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.RequestBody;
import dev.threadmill.models.http.Transport;
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

  private final Transport transport;
  private final ModelsConfig config;
  private final ProviderErrors faults;
  private final String model;
  private RuntimeException fault;
  private boolean interrupted;

  LangChainHttpClient(
      Transport transport, ModelsConfig config, ProviderErrors faults, String model) {
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
    try (var exchange =
        transport.post(request.url(), headers(request), body(request), config.nextByteTimeout())) {
      if (exchange.status() != 200) {
        throw faults.fromStatus(exchange.status(), exchange::header, error(exchange), model);
      }
      listener.onOpen(
          SuccessfulHttpResponse.builder()
              .statusCode(200)
              .headers(Map.of("content-type", List.of(exchange.header("content-type"))))
              .build());
      parser.parse(new Body(exchange), listener);
      if (fault == null && !interrupted) {
        listener.onClose();
      }
    } catch (HttpExchange.ReadTimeoutException _) {
      fail(faults.readTimeout(config.nextByteTimeout()));
    } catch (IOException e) {
      fail(faults.connectionFailed(e));
    } catch (InterruptedException _) {
      interrupted = true;
    } catch (ProviderException e) {
      fail(e);
    }
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

  private JsonNode error(HttpExchange exchange) throws InterruptedException {
    try {
      long end = System.nanoTime() + config.nextByteTimeout().toNanos();
      var body = Transport.read(exchange, LONGEST_ERROR, end);
      return body == null ? null : JSON.readTree(body);
    } catch (IOException _) {
      return null;
    }
  }

  /** The bytes of the answer, for the library's own parser. */
  private final class Body extends InputStream {
    private final HttpExchange exchange;
    private byte[] piece = {};
    private int at;
    private long length;

    Body(HttpExchange exchange) {
      this.exchange = exchange;
    }

    @Override
    public int read() throws IOException {
      return fill() ? piece[at++] & 0xFF : -1;
    }

    @Override
    public int read(byte[] into, int offset, int most) throws IOException {
      if (most == 0) {
        return 0;
      }
      if (!fill()) {
        return -1;
      }
      int count = Math.min(most, piece.length - at);
      System.arraycopy(piece, at, into, offset, count);
      at += count;
      return count;
    }

    private boolean fill() throws IOException {
      while (at == piece.length) {
        if (fault != null) {
          throw new IOException("the call has failed");
        }
        try {
          piece = exchange.read(config.nextByteTimeout());
        } catch (HttpExchange.ReadTimeoutException e) {
          fail(faults.readTimeout(config.nextByteTimeout()));
          throw e;
        } catch (IOException e) {
          fail(faults.connectionFailed(e));
          throw e;
        } catch (InterruptedException e) {
          interrupted = true;
          throw new IOException(e);
        }
        at = 0;
        if (piece == null) {
          piece = new byte[0];
          return false;
        }
        length += piece.length;
        if (length > config.longestAnswer()) {
          fail(faults.responseTooLarge());
        }
      }
      return true;
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
