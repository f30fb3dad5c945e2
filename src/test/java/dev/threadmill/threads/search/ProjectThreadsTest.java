package dev.threadmill.threads.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ProjectThreadsTest {
  private ApiClient key;
  private String path;

  @BeforeEach
  void start() {
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"search\"}").id();
    var made = ApiClient.admin().post("/v1/projects/" + project + "/api_keys", "{}");
    key = ApiClient.withKey(made.json().path("value").asText());
    path = "/v1/projects/" + project + "/threads";
  }

  private String thread(String text, String metadata) {
    var thread =
        key.post(
            "/v1/threads",
            """
            {"messages": [{"role": "user", "content": "%s"}], "metadata": %s}"""
                .formatted(text, metadata));
    assertThat(thread.status()).as(thread.text()).isEqualTo(200);
    // Looking into the memory indexes what is queued.
    key.get("/v1/threads/" + thread.id() + "/memory");
    return thread.id();
  }

  private List<String> found(String query) {
    var page = key.get(path + "?" + query);
    assertThat(page.status()).as(page.text()).isEqualTo(200);
    return page.json().path("data").valueStream().map(each -> each.path("id").asText()).toList();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void threadsAreFoundByWordsUserMetadataStatusAndTime() {
    var lease = thread("When does the lease of my bicycle end?", "{\"user\": \"ada\"}");
    var order = thread("Where is my order of pencils?", "{\"user\": \"bob\", \"shop\": \"north\"}");
    var empty = key.post("/v1/threads", "{}").id();
    key.post("/v1/threads/" + order, "{\"status\": \"archived\"}");

    assertThat(found("")).containsExactly(empty, order, lease);
    assertThat(found("query=bicycles")).containsExactly(lease);
    assertThat(found("query=" + encoded("pencils order"))).containsExactly(order);
    assertThat(found("query=" + encoded("pencils bicycle"))).isEmpty();
    assertThat(found("query=" + encoded("' | & :* \\ <->"))).isEmpty();
    assertThat(found("user=ada")).containsExactly(lease);
    assertThat(found(encoded("metadata[shop]") + "=north")).containsExactly(order);
    assertThat(found("status=archived")).containsExactly(order);
    assertThat(found("query=order&user=ada")).isEmpty();
    assertThat(found("created_before=1000")).isEmpty();
    assertThat(found("created_after=1000&limit=2")).containsExactly(empty, order);
    assertThat(found("created_after=1970-01-02T00:00:00Z&limit=2")).containsExactly(empty, order);
    assertThat(found("limit=2&after=" + order)).containsExactly(lease);
    var shown = key.get(path + "?query=bicycle").json().path("data").get(0);
    assertThat(shown.path("first_message").asText()).startsWith("When does the lease");
    assertThat(shown.path("latest_run").isNull()).isTrue();
    assertThat(shown.path("last_activity_at").asLong()).isPositive();
  }

  @Test
  void threadsAreFoundByHowTheirRunsEndedAndShowTheLatestRun() {
    var assistant =
        key.post(
                "/v1/assistants",
                """
                {"model": "rehearsal", "tools": [{"type": "function", "function": {"name": "stock"}}]}""")
            .id();
    var waiting = thread("use the tool stock", "{}");
    var done = thread("Hello", "{}");
    var body = "{\"assistant_id\": \"%s\", \"stream\": true}".formatted(assistant);
    for (var thread : List.of(waiting, done)) {
      try (var stream = key.stream("/v1/threads/" + thread + "/runs", body)) {
        assertThat(stream.rest()).isNotEmpty();
      }
    }

    assertThat(found("run_status=requires_action")).containsExactly(waiting);
    assertThat(found("run_status=failed")).isEmpty();
    assertThat(found("assistant_id=" + assistant)).isEmpty();
    var latest = key.get(path).json().path("data").get(0).path("latest_run");
    assertThat(latest.path("status").asText()).isEqualTo("completed");
    assertThat(latest.path("assistant_id").asText()).isEqualTo(assistant);
  }

  @Test
  void whatHasNoMeaningIsRefusedByTheNameOfItsField() {
    for (var wrong :
        List.of(
            "status=open",
            "run_status=completed",
            "created_after=today",
            "created_after=-1",
            "limit=0")) {
      var answer = key.get(path + "?" + wrong);
      assertThat(answer.status()).as(wrong).isEqualTo(400);
      assertThat(answer.error().path("param").asText())
          .isEqualTo(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(key.get(path + "?query=" + "x".repeat(1_001)).status()).isEqualTo(400);
    assertThat(key.get("/v1/projects/proj_default/threads").status()).isEqualTo(404);
  }
}
