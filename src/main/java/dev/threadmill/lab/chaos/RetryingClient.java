package dev.threadmill.lab.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.threadmill.api.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A client that follows docs/guarantees.md: it repeats unanswered requests under the same key on
 * any node, and abandons a silent connection.
 */
final class RetryingClient {
  private static final int CONNECT_MS = 2_000;
  private static final int SILENCE_MS = 20_000;
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final long PAUSE_MS = 200;

  private final List<String> nodes;
  private final String key;
  private final RandomGenerator random;

  static {
    // One connection per request, and no hidden retries of the JDK.
    System.setProperty("http.keepAlive", "false");
    System.setProperty("sun.net.http.retryPost", "false");
  }

  /**
   * A client of these nodes.
   *
   * @param nodes base URLs
   */
  RetryingClient(List<String> nodes, String key, RandomGenerator random) {
    this.nodes = nodes;
    this.key = key;
    this.random = random;
  }

  /** An HTTP status and the parsed body. */
  record Response(int status, JsonNode json) {
    String id() {
      return json.path("id").asText();
    }
  }

  /** No node answered within the time that a client would wait. */
  static final class RetriesExhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RetriesExhausted(String request, String last) {
      super(request + " was not answered; last result: " + last);
    }
  }

  /** The base URL of a random node. */
  String anyNode() {
    return nodes.get(random.nextInt(nodes.size()));
  }

  /** A GET, repeated until a node answers it. */
  Response get(String path) {
    return insist("GET", path, null, null);
  }

  /** A POST, repeated under this key until a node answers it. */
  Response post(String path, Object body, String idempotencyKey) {
    return insist("POST", path, body == null ? null : Json.write(body), idempotencyKey);
  }

  private Response insist(String method, String path, String body, String idempotencyKey) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    String last = "nothing";
    while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
      try {
        var answer = once(method, anyNode() + path, body, idempotencyKey);
        if (answer.status() < 500 && answer.status() != 409 && answer.status() != 429) {
          return answer;
        }
        last = answer.toString();
      } catch (IOException e) {
        last = e.toString();
      }
      pause(PAUSE_MS);
    }
    throw new RetriesExhausted(method + " " + path, last);
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A single GET without retries. */
  Response once(String url) throws IOException {
    return once("GET", url, null, null);
  }

  private Response once(String method, String url, String body, String idempotencyKey)
      throws IOException {
    var connection = open(method, url, body, idempotencyKey, null);
    try {
      int status = connection.getResponseCode();
      InputStream stream = status < 400 ? connection.getInputStream() : connection.getErrorStream();
      if (stream == null) {
        return new Response(status, MissingNode.getInstance());
      }
      try (stream) {
        var text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        return new Response(
            status, text.startsWith("{") ? Json.tree(text) : MissingNode.getInstance());
      }
    } finally {
      connection.disconnect();
    }
  }

  /**
   * Reads events until the stream ends, breaks or times out.
   *
   * @param body the body of a POST; null for a GET
   * @param lastEventId null for the beginning
   * @return the status, 200 if a stream was read
   */
  int read(
      String url,
      Object body,
      String idempotencyKey,
      String lastEventId,
      Consumer<ReceivedEvent> reader)
      throws IOException {
    var text = body == null ? null : Json.write(body);
    var connection = open(body == null ? "GET" : "POST", url, text, idempotencyKey, lastEventId);
    try {
      int status = connection.getResponseCode();
      if (status != 200) {
        return status;
      }
      try (var lines =
          new BufferedReader(
              new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
        read(lines, reader);
      }
      return status;
    } finally {
      connection.disconnect();
    }
  }

  private static void read(BufferedReader lines, Consumer<ReceivedEvent> reader)
      throws IOException {
    String id = null;
    String name = null;
    String data = null;
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("id: ")) {
        id = line.substring("id: ".length());
      } else if (line.startsWith("event: ")) {
        name = line.substring("event: ".length());
      } else if (line.startsWith("data: ")) {
        data = line.substring("data: ".length());
      } else if (line.isEmpty() && name != null && data != null) {
        if (name.equals("done")) {
          return;
        }
        reader.accept(new ReceivedEvent(id, name, Json.tree(data)));
        name = null;
        data = null;
      }
    }
  }

  private HttpURLConnection open(
      String method, String url, String body, String idempotencyKey, String lastEventId)
      throws IOException {
    var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setConnectTimeout(CONNECT_MS);
    connection.setReadTimeout(SILENCE_MS);
    connection.setRequestMethod(method);
    connection.setRequestProperty("Authorization", "Bearer " + key);
    if (idempotencyKey != null) {
      connection.setRequestProperty("Idempotency-Key", idempotencyKey);
    }
    if (lastEventId != null) {
      connection.setRequestProperty("Last-Event-ID", lastEventId);
    }
    if (method.equals("POST")) {
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setDoOutput(true);
      try (var out = connection.getOutputStream()) {
        out.write((body == null ? "" : body).getBytes(StandardCharsets.UTF_8));
      }
    }
    return connection;
  }
}
