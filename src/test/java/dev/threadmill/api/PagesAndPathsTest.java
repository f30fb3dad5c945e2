package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a caller meets beside the routes of the API: other names, wrong paths, pages and metrics.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class PagesAndPathsTest {
  private final ApiClient user = ApiClient.user();
  private final ApiClient anybody = ApiClient.anonymous();

  private static String key() {
    return ConfigProvider.getConfig().getValue("threadmill.keys.api-key", String.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/ | The API is under /v1, such as /v1/assistants; its pages are at /docs, the console at /console.",
        "/v1 | The API is under /v1",
        "/assistants | The API is under /v1: try /v1/assistants.",
        "/threads/thread_1/messages | try /v1/threads/thread_1/messages",
        "/v1/v1/assistants | It has /v1 twice: the base URL of a client ends in /v1.",
        "/v1/fine_tuning/jobs | This server does not have /v1/fine_tuning",
        "/index.html | The API is under /v1; its pages are at /docs.",
      })
  void anUnknownUrlSaysWhereToGo(String path, String hint) {
    var answer = user.get(path);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.error().path("message").asText())
        .startsWith("Invalid URL (GET %s)".formatted(path))
        .contains(hint);
  }

  @Test
  void aMethodThatIsNotAllowedIsAnsweredWithThoseThatAre() {
    var answer = user.send("PUT", "/v1/threads/thread_1", null);

    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).contains("DELETE, GET, HEAD, OPTIONS, POST");
    assertThat(user.send("DELETE", "/v1/assistants", null).headers().firstValue("Allow"))
        .contains("GET, HEAD, OPTIONS, POST");
  }

  @ParameterizedTest
  @CsvSource({
    "/openai/assistants?api-version=2024-05-01-preview",
    "/openai/v1/assistants",
    "/openai/assistants?api-version=anything",
    "/api/projects/my-project/assistants?api-version=v1",
    "/api/projects/my-project/openai/v1/assistants",
    "/v2/assistants",
    "/v26/private/acme/assistants",
  })
  void theApiHasOtherNamesAndAKeyMayComeAsAzuresClientsSendIt(String path) {
    var answer = anybody.with("api-key", key()).get(path);

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.json().path("object").asText()).isEqualTo("list");
  }

  @Test
  void aWrongAzureKeyIsA401() {
    assertThat(anybody.with("api-key", "no-such-key").get("/openai/assistants").status())
        .isEqualTo(401);
  }

  @Test
  void aDeploymentIsTheModel() {
    var body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]%s}";
    var path = "/openai/deployments/rehearsal/chat/completions?api-version=2024-10-21";

    for (var model : List.of("", ", \"model\": \"another\"")) {
      var answer = anybody.with("api-key", key()).post(path, body.formatted(model));

      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      assertThat(answer.json().path("model").asText()).isEqualTo("rehearsal");
    }
  }

  @Test
  void thePagesHaveSecurityHeadersAndWorkBelowASubPath() {
    var redirect = anybody.get("/docs");
    assertThat(redirect.status()).isEqualTo(302);
    assertThat(redirect.headers().firstValue("Location")).contains("docs/");
    var page = anybody.get("/docs/");

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'");
    assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(page.headers().firstValue("X-Frame-Options")).contains("DENY");
    assertThat(page.headers().firstValue("Referrer-Policy")).contains("no-referrer");
    assertThat(page.text()).contains("url: '../openapi'").doesNotContain("url: '/openapi'");
  }

  @Test
  void metricsHaveNoLabelThatAClientChose() {
    var thread = user.post("/v1/threads", "{}").id();
    for (var path :
        List.of(
            "/v1/threads/" + thread,
            "/v2/threads/" + thread,
            "/v26/private/tenant/threads/thread_secret",
            "/openai/threads/thread_secret",
            "/secret/path",
            "/v1/secret",
            "/docs/secret",
            "/q/secret")) {
      for (var method : List.of("GET", "PUT", "DELETE", "OPTIONS", "SECRET")) {
        user.send(method, path, null);
      }
    }

    var lines =
        anybody.get("/q/metrics").text().lines().filter(line -> line.startsWith("http_")).toList();

    assertThat(lines)
        .anyMatch(line -> line.contains("uri=\"/v1/threads/{thread_id}\""))
        .anyMatch(line -> line.contains("uri=\"OTHER\""))
        .noneMatch(line -> line.contains(thread))
        .noneMatch(line -> line.toLowerCase(Locale.ROOT).contains("secret"))
        .noneMatch(line -> line.contains("tenant"));
    var labels =
        lines.stream()
            .flatMap(line -> Arrays.stream(line.split("[{,}]")))
            .filter(label -> label.startsWith("uri="))
            .collect(Collectors.toSet());
    assertThat(labels)
        .allMatch(
            label ->
                label.startsWith("uri=\"/v1/")
                    || label.equals("uri=\"/docs\"")
                    || label.equals("uri=\"/q\"")
                    || label.equals("uri=\"/openapi\"")
                    || label.equals("uri=\"OTHER\""));
  }

  @Test
  void healthSaysWhetherRequestsAreServed() {
    for (var path : List.of("/q/health/live", "/q/health/ready")) {
      var answer = anybody.get(path);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.json().path("checks").toString()).contains("requests are served");
    }
  }
}
