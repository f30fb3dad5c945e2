package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memories are separate by project; budgets count summaries; a failing model delays them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class MemoryOfOthersTest {
  private static final Set<String> ENDS = Set.of("completed", "failed", "incomplete");

  FakeProvider provider;
  @Inject SummarizeThreads summarize;
  @Inject Jdbc jdbc;

  @BeforeEach
  void beginAnew() {
    provider.reset();
    jdbc.update("DELETE FROM memory_summary_queue");
  }

  /** A new project. */
  private record Tenant(String id, ApiClient api) {
    static Tenant create() {
      var id = ApiClient.admin().post("/v1/projects", "{\"name\": \"tenant\"}").id();
      var key =
          ApiClient.admin().post("/v1/projects/" + id + "/api_keys", "{}").json().path("value");
      return new Tenant(id, ApiClient.withKey(key.asText()));
    }

    String assistant(String memory) {
      return api.post(
              "/v1/assistants", "{\"model\": \"gpt-4o\", \"memory\": {%s}}".formatted(memory))
          .id();
    }

    void budget(int tokens) {
      var answer =
          ApiClient.admin()
              .post(
                  "/v1/projects/" + id + "/limits",
                  "{\"budgets\": {\"total\": {\"tokens\": %d}}}".formatted(tokens));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    }

    int used() {
      return api.get("/v1/projects/" + id + "/limits").json().at("/used/total/tokens").asInt();
    }
  }

  @Test
  void aUserOfTheSameNameInAnotherProjectIsAnotherUser() {
    var one = Tenant.create();
    var other = Tenant.create();
    var remembered =
        MemoryThread.ofUser(one.api(), "ada", "My safe opens with 71-02-44, said Ada.");
    assertThat(remembered.recalled("How does the safe open?", 3)).hasSize(1);

    var theirs = MemoryThread.ofUser(other.api(), "ada", "How does my safe open?");
    run(theirs, other.assistant("\"summary_method\": \"none\", \"scope\": \"user\""));
    assertThat(provider.lastRequest().body().toString()).doesNotContain("71-02-44");

    var own = MemoryThread.ofUser(one.api(), "ada", "How does my safe open?");
    run(own, one.assistant("\"summary_method\": \"none\", \"scope\": \"user\""));
    assertThat(provider.lastRequest().body().toString()).contains("71-02-44");
  }

  @Test
  void whileTheModelIsDownTheOldSummaryStandsAndTheWorkIsTriedAgain() throws Exception {
    var tenant = Tenant.create();
    var assistant = tenant.assistant("\"summary_method\": \"reflection\"");
    var thread = MemoryThread.ofUser(tenant.api(), "eve", "First.");
    run(thread, assistant);
    provider.reply(Reply.text("{\"summary\": \"Good.\", \"facts\": []}"));
    sumUp();
    thread.say("user", "Second.");
    run(thread, assistant);

    provider.otherwise(_ -> Reply.error(500, "server_error", "Out of order."));
    due();
    assertThat(summarize.summarizeNext()).isTrue();
    assertThat(thread.memory("x", 1).path("summary").asText()).isEqualTo("Good.");
    assertThat(summarize.summarizeNext()).as("put off").isFalse();

    provider.otherwise(_ -> Reply.text("{\"summary\": \"Better.\", \"facts\": []}"));
    sumUp();
    assertThat(thread.memory("x", 1).path("summary").asText()).isEqualTo("Better.");
  }

  @Test
  void theContentFiltersSeeWhatTheModelMakesOfAThread() throws Exception {
    var tenant = Tenant.create();
    var assistant = tenant.assistant("\"summary_method\": \"reflection\"");
    var thread = MemoryThread.ofUser(tenant.api(), "eve", "First.");
    run(thread, assistant);
    provider.reply(Reply.text("{\"summary\": \"A ⟦secret⟧ summary.\", \"facts\": []}"));
    sumUp();
    assertThat(thread.memory("x", 1).path("summary").asText()).isEqualTo("A [removed] summary.");

    thread.say("user", "Second.");
    run(thread, assistant);
    provider.otherwise(_ -> Reply.text("{\"summary\": \"⟦forbidden⟧\", \"facts\": []}"));
    due();
    assertThat(summarize.summarizeNext()).isTrue();

    assertThat(thread.memory("x", 1).path("summary").asText())
        .as("the old summary stands")
        .isEqualTo("A [removed] summary.");
  }

  @Test
  void aSummaryIsPaidForByTheProjectAndNotMadeBeyondItsBudget() throws Exception {
    var tenant = Tenant.create();
    var assistant = tenant.assistant("\"summary_method\": \"reflection\"");
    var thread = MemoryThread.ofUser(tenant.api(), "eve", "I keep owls.");
    tenant.budget(1_000_000);
    run(thread, assistant);
    int before = tenant.used();
    assertThat(before).isPositive();

    tenant.budget(before);
    int calls = provider.requests().size();
    due();
    assertThat(summarize.summarizeNext()).isTrue();
    assertThat(provider.requests()).hasSize(calls);
    assertThat(thread.memory("x", 1).path("summary").isNull()).isTrue();

    tenant.budget(1_000_000);
    provider.otherwise(_ -> Reply.text("{\"summary\": \"Keeps owls.\", \"facts\": []}"));
    sumUp();
    assertThat(thread.memory("x", 1).path("summary").asText()).isEqualTo("Keeps owls.");
    assertThat(tenant.used()).isGreaterThan(before);
  }

  private static void run(MemoryThread thread, String assistant) {
    var run =
        thread.api().post(thread.path() + "/runs", Json.write(Map.of("assistant_id", assistant)));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    JsonNode ended =
        await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () -> thread.api().get(thread.path() + "/runs/" + run.id()).json(),
                json -> ENDS.contains(json.path("status").asText()));
    assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
  }

  private void sumUp() throws InterruptedException {
    due();
    while (summarize.summarizeNext()) {
      // goes on
    }
  }

  private void due() {
    jdbc.update("UPDATE memory_summary_queue SET due = '-infinity'");
  }
}
