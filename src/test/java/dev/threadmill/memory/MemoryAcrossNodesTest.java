package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Cluster;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ServerProcess;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The memory survives a restart and is the same on every node of the packaged server. */
class MemoryAcrossNodesTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
  private static final String SUMMARY = "They plan a balloon launch in Toulouse on 4 May.";
  private static Cluster cluster;

  @BeforeAll
  static void twoNodes() {
    cluster = Cluster.of(2);
    // The first recall of a new process loads classes, which takes long on a busy machine.
    for (var node : List.of(cluster.node(0), cluster.node(1))) {
      node.withJvmOption("-Dthreadmill.memory.recall-timeout=10s");
      node.withJvmOption("-Dthreadmill.memory.vector-timeout=10s");
    }
    cluster.start();
    cluster.provider().otherwise(MemoryAcrossNodesTest::answer);
  }

  @AfterAll
  static void end() {
    cluster.close();
  }

  private static Reply answer(FakeProvider.Request request) {
    return isSummary(request)
        ? Reply.text(Json.write(Map.of("summary", SUMMARY)))
        : Reply.text("Understood.");
  }

  private static boolean isSummary(FakeProvider.Request request) {
    return request.body().toString().contains("You keep the memory of a conversation");
  }

  @Test
  void aPackagedServerFindsByMeaningWhatWasPostedAMomentAgo() {
    var node = cluster.node(0);
    var api = cluster.api(node);
    var thread = api.post("/v1/threads", "{}").id();
    say(api, thread, "We adopted a kitten last week, she sleeps on the radiator.");
    say(api, thread, "The invoice from the plumber was 240 euros.");
    say(api, thread, "Tomorrow I fly to Lisbon.");

    var memory = memory(api, thread, "Which pet animals are there at home?");

    assertThat(node.log("embeddings=failed")).isEmpty();
    assertThat(memory.path("pending").asInt()).isZero();
    assertThat(memory.path("vector_context").path(0).path("text").asText()).contains("kitten");
  }

  @Test
  void afterARestartAndOnAnotherNodeTheModelIsGivenTheSummaryAndWhatIsRecalled() {
    var a = cluster.node(0);
    var b = cluster.node(1);
    var api = cluster.api(a);
    var assistant =
        api.post(
                "/v1/assistants",
                """
                {"model": "gpt-4o", "memory": {"enabled": true, "summary_method": "rolling"}}
                """)
            .id();
    var thread = api.post("/v1/threads", "{}").id();
    say(api, thread, "Our dog Biscuit is allergic to chicken.");
    for (var text : List.of("The train leaves at nine.", "We painted the fence.", "And now?")) {
      say(api, thread, text);
    }
    run(api, thread, assistant);
    await("the summary\n" + cluster.logs())
        .atMost(LONG_ENOUGH)
        .until(() -> !memory(api, thread, "balloon").path("summary").isNull());

    a.stop();
    a.start().awaitReady();

    for (ServerProcess node : List.of(a, b)) {
      var here = cluster.api(node);
      say(here, thread, "What must I not feed Biscuit?");
      run(here, thread, assistant);
      var prompt = lastAsked("What must I not feed Biscuit?");
      assertThat(prompt).as(node.name()).contains(SUMMARY).contains("allergic to chicken");
    }
  }

  /** The system message of the newest model call with this question. */
  private static String lastAsked(String question) {
    return cluster.provider().requests().reversed().stream()
        .filter(request -> !isSummary(request))
        .map(request -> request.body().path("messages"))
        .filter(sent -> sent.path(sent.size() - 1).toString().contains(question))
        .map(sent -> sent.path(0).path("content").asText())
        .findFirst()
        .orElseThrow(() -> new AssertionError(cluster.logs()));
  }

  private static void say(ApiClient api, String thread, String text) {
    var answer =
        api.post(
            "/v1/threads/" + thread + "/messages",
            Json.write(Map.of("role", "user", "content", text)));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  private static void run(ApiClient api, String thread, String assistant) {
    var run =
        api.post(
            "/v1/threads/" + thread + "/runs",
            Json.write(
                Map.of(
                    "assistant_id",
                    assistant,
                    "truncation_strategy",
                    Map.of("type", "last_messages", "last_messages", 2))));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    await(cluster.logs())
        .atMost(LONG_ENOUGH)
        .until(
            () ->
                api.get("/v1/threads/" + thread + "/runs/" + run.id())
                    .json()
                    .path("status")
                    .asText()
                    .equals("completed"));
  }

  private static JsonNode memory(ApiClient api, String thread, String query) {
    var answer =
        api.get(
            "/v1/threads/"
                + thread
                + "/memory?query="
                + URLEncoder.encode(query, StandardCharsets.UTF_8));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }
}
