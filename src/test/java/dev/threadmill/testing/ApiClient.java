package dev.threadmill.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;

/** Calls the server under test over HTTP, with one of the keys that it was started with. */
public final class ApiClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** Longer than any request may take. */
  private static final Duration LONGEST_ANSWER = Duration.ofSeconds(90);

  private final Map<String, String> headers = new LinkedHashMap<>();
  private final String url;

  private ApiClient(String url, Map<String, String> headers) {
    this.url = url;
    this.headers.putAll(headers);
  }

  /** A response; {@code json} is the parsed body if it is JSON. */
  public record Response(int status, HttpHeaders headers, String text, JsonNode json) {
    public String id() {
      return json.path("id").asText();
    }

    public JsonNode error() {
      return json.path("error");
    }
  }

  /** A caller with the default project's key. */
  public static ApiClient user() {
    return withKey(ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class));
  }

  /** A caller with the admin key. */
  public static ApiClient admin() {
    return withKey(ConfigProvider.getConfig().getValue("threadmill.keys.admin-key", String.class));
  }

  public static ApiClient withKey(String key) {
    return anonymous().with("Authorization", "Bearer " + key);
  }

  public static ApiClient anonymous() {
    return new ApiClient(null, Map.of());
  }

  /** A caller with the key of a new project. */
  public static ApiClient stranger() {
    return withKey(strangersKey());
  }

  /** The key of a new project. */
  public static String strangersKey() {
    var project = admin().post("/v1/projects", "{\"name\": \"elsewhere\"}").id();
    var key = admin().post("/v1/projects/" + project + "/api_keys", "{}");
    return key.json().path("value").asText();
  }

  /** This caller with one more header; null removes it. */
  public ApiClient with(String header, String value) {
    var all = new LinkedHashMap<>(headers);
    if (value == null) {
      all.remove(header);
    } else {
      all.put(header, value);
    }
    return new ApiClient(url, all);
  }

  /** This caller at another server, for example a node of a cluster. */
  public ApiClient at(String otherUrl) {
    return new ApiClient(otherUrl, headers);
  }

  public Response get(String path) {
    return send("GET", path, null);
  }

  public Response post(String path, String body) {
    var json =
        headers.containsKey("Content-Type") ? this : with("Content-Type", "application/json");
    return json.send("POST", path, body == null ? null : body.getBytes(StandardCharsets.UTF_8));
  }

  public Response delete(String path) {
    return send("DELETE", path, null);
  }

  public Response send(String method, String path, byte[] body) {
    var request =
        HttpRequest.newBuilder(URI.create((url == null ? base() : url) + path))
            .timeout(LONGEST_ANSWER)
            .method(
                method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    headers.forEach(request::header);
    try {
      var response = CLIENT.send(request.build(), BodyHandlers.ofString());
      return new Response(
          response.statusCode(), response.headers(), response.body(), parsed(response.body()));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(method + " " + path + ": " + e, e);
    } catch (InterruptedException e) {
      // The timeout of an awaited condition interrupts the request.
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for " + method + " " + path, e);
    }
  }

  /** Sends a POST and reads the response as a stream of events. */
  public SseStream stream(String path, String body) {
    return open(
        with("Content-Type", "application/json"),
        HttpRequest.newBuilder(URI.create((url == null ? base() : url) + path))
            .POST(BodyPublishers.ofString(body)));
  }

  /** Reads a stream of events. */
  public SseStream events(String path) {
    return open(
        this, HttpRequest.newBuilder(URI.create((url == null ? base() : url) + path)).GET());
  }

  private static SseStream open(ApiClient caller, HttpRequest.Builder request) {
    caller.headers.forEach(request::header);
    try {
      return new SseStream(CLIENT.send(request.build(), BodyHandlers.ofInputStream()));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The address of the server under test, without a trailing slash. */
  public static String base() {
    return "http://localhost:"
        + ConfigProvider.getConfig().getValue("quarkus.http.test-port", Integer.class);
  }

  private static JsonNode parsed(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }
}
