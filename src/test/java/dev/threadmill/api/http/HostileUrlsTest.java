package dev.threadmill.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is sent in paths and queries to every route there is. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class HostileUrlsTest {
  private static final List<String> METHODS = List.of("get", "post", "put", "patch", "delete");

  private final ApiClient admin = ApiClient.admin();
  private final ApiClient user = ApiClient.user();

  private record Route(String method, String path, List<String> query) {
    /** With this in place of the last parameter, and plain ids in place of the others. */
    String with(String last) {
      int at = path.lastIndexOf('{');
      return path.substring(0, at).replaceAll("\\{[^}]*}", "x")
          + last
          + path.substring(path.indexOf('}', at) + 1);
    }
  }

  private List<Route> routes() {
    var routes = new ArrayList<Route>();
    var paths = user.with("Accept", "application/json").get("/openapi?format=json").json();
    paths
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue().properties().stream()
                    .filter(operation -> METHODS.contains(operation.getKey()))
                    .map(operation -> route(path.getKey(), operation))
                    .forEach(routes::add));
    assertThat(routes).hasSizeGreaterThan(40);
    return routes;
  }

  private static Route route(String path, Map.Entry<String, JsonNode> operation) {
    var query = new ArrayList<String>();
    operation
        .getValue()
        .path("parameters")
        .forEach(
            parameter -> {
              if (parameter.path("in").asText().equals("query")) {
                query.add(parameter.path("name").asText());
              }
            });
    return new Route(operation.getKey().toUpperCase(Locale.ROOT), path, query);
  }

  private ApiClient.Response send(Route route, String path) {
    var body =
        route.method().equals("GET") || route.method().equals("DELETE")
            ? null
            : "{}".getBytes(StandardCharsets.UTF_8);
    return admin.with("Content-Type", "application/json").send(route.method(), path, body);
  }

  @Test
  void aMessageWhoseIdIsTwoDotsIsNotItsThread() {
    var thread =
        user.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}")
            .id();

    for (var dots : List.of("%2e%2e", "%2E%2E", ".%2e", "%2e.", "..%2f..%2fx", "%2e%2e;a=b")) {
      var refused = user.delete("/v1/threads/" + thread + "/messages/" + dots);

      assertThat(refused.status()).as(dots).isEqualTo(400);
      assertThat(refused.error().path("message").asText()).contains("segment");
    }
    assertThat(user.get("/v1/threads/" + thread).status()).isEqualTo(200);
    assertThat(user.get("/v1/threads/" + thread + "/messages").json().path("data")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%2e%2e", "%2e", "%2e%2e%2f%2e%2e", "..%5c..", "a%2f..", "%00", "x%00y"})
  void noRouteTakesDotSegmentsOrNulInPlaceOfAnId(String value) {
    for (var route : routes()) {
      if (route.path().contains("{")) {
        var answer = send(route, route.with(value));

        assertThat(answer.status())
            .as(route.method() + " " + route.path() + ": " + answer.text())
            .isEqualTo(400);
      }
    }
  }

  @Test
  void noRouteTakesNulInAQuery() {
    for (var route : routes()) {
      for (var name : route.query()) {
        var answer = send(route, route.path().replaceAll("\\{[^}]*}", "x") + "?" + name + "=a%00b");

        assertThat(answer.status()).as(route + ": " + answer.text()).isEqualTo(400);
        assertThat(answer.error().path("param").asText()).isEqualTo(name);
      }
    }
    assertThat(user.get("/v1/threads?metadata%5Ba%00%5D=x").status()).isEqualTo(400);
  }

  @Test
  void aBodyOfAnotherTypeIsRefusedByEveryRoute() {
    for (var route : routes()) {
      if (route.method().equals("POST")) {
        var path = route.path().replaceAll("\\{[^}]*}", "x");
        var answer =
            admin
                .with("Content-Type", "text/plain")
                .send("POST", path, "hello".getBytes(StandardCharsets.UTF_8));

        assertThat(answer.status()).as(route + ": " + answer.text()).isBetween(400, 499);
      }
    }
  }

  @Test
  void dotsThatAClientDoesNotResolveItselfAreRefusedAsWell() throws IOException {
    var thread = user.post("/v1/threads", "{}").id();

    assertThat(raw("GET /v1/threads/" + thread + "/messages/../ HTTP/1.1")).contains(" 400 ");
    assertThat(raw("GET /v1/../q/metrics HTTP/1.1")).contains(" 400 ");
    assertThat(raw("GET /v1/threads/%zz HTTP/1.1")).contains(" 400 ");
    assertThat(raw("GET /v1/threads?after=%zz HTTP/1.1")).contains(" 400 ");
  }

  private static String raw(String requestLine) throws IOException {
    int port = URI.create(ApiClient.base()).getPort();
    try (var socket = new Socket("127.0.0.1", port)) {
      socket
          .getOutputStream()
          .write(
              (requestLine + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
