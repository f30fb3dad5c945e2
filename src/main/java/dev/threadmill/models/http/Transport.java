package dev.threadmill.models.http;

import dev.threadmill.models.ModelsConfig;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** The connections to all providers: kept alive, shared, and never more than are allowed. */
@ApplicationScoped
public class Transport {
  private static final int KEEP_ALIVE_SECONDS = 50;

  private final HttpClient client;

  public Transport(Vertx vertx, ModelsConfig config) {
    this.client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setMaxPoolSize(config.connections())
                .setMaxWaitQueueSize(config.connections())
                .setKeepAlive(true)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setTcpNoDelay(true)
                .setConnectTimeout((int) config.connectTimeout().toMillis()));
  }

  /**
   * Sends a request and waits for the head of its answer.
   *
   * @throws HttpExchange.Silence if it did not come in time
   * @throws IOException if the provider could not be reached
   */
  public HttpExchange post(String url, Map<String, String> headers, byte[] body, Duration patience)
      throws IOException, InterruptedException {
    var options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setAbsoluteURI(url)
            .putHeader("user-agent", "threadmill");
    headers.forEach(options::putHeader);
    return HttpExchange.post(client, options, body, patience);
  }

  /**
   * The whole rest of an answer; null if it is longer than allowed.
   *
   * @param end when to give up, in terms of {@link System#nanoTime}
   */
  public static byte[] read(HttpExchange exchange, long longest, long end)
      throws IOException, InterruptedException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var bytes = exchange.next(Duration.ofNanos(end - System.nanoTime()));
      if (bytes == null) {
        return body.toByteArray();
      }
      if (body.size() + bytes.length > longest) {
        return null;
      }
      body.writeBytes(bytes);
    }
  }

  @PreDestroy
  void close() {
    client.close();
  }
}
