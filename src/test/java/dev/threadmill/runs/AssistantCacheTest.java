package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node remembers the assistants that it has seen, and other nodes change them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class AssistantCacheTest {
  private final ApiClient user = ApiClient.user();
  private String assistant;
  FakeProvider provider;
  @Inject Jdbc jdbc;

  @BeforeEach
  void rememberAnAssistant() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Hello."));
    assistant =
        user.post("/v1/assistants", "{\"model\": \"m\", \"instructions\": \"Be kind.\"}").id();
    assertThat(newThreadWithRun(user).json().path("instructions").asText()).isEqualTo("Be kind.");
  }

  @Test
  void aRunIsOfTheAssistantAsAnotherNodeHasJustChangedIt() {
    for (var change : new String[] {"Be brief.", "Be bold."}) {
      jdbc.update("UPDATE assistants SET instructions = ? WHERE id = ?", change, assistant);

      var run = newThreadWithRun(user);

      assertThat(run.status()).isEqualTo(200);
      assertThat(run.json().path("instructions").asText()).isEqualTo(change);
    }
  }

  @Test
  void aRunOnAThreadThatIsThereToo() {
    var thread =
        user.post("/v1/threads", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}");
    jdbc.update("UPDATE assistants SET model = 'other' WHERE id = ?", assistant);

    var run =
        user.post(
            "/v1/threads/" + thread.id() + "/runs", "{\"assistant_id\": \"" + assistant + "\"}");

    assertThat(run.json().path("model").asText()).isEqualTo("other");
  }

  @Test
  void anAssistantThatAnotherNodeHasDeletedIsNotFoundAndNothingIsCreated() {
    jdbc.update("DELETE FROM assistants WHERE id = ?", assistant);
    long threads = threads();

    var run = newThreadWithRun(user);

    assertThat(run.status()).isEqualTo(404);
    assertThat(run.error().path("message").asText()).contains(assistant);
    assertThat(threads()).isEqualTo(threads);
  }

  @Test
  void anAssistantThatIsRememberedOfAnotherProjectIsNotFound() {
    assertThat(newThreadWithRun(ApiClient.stranger()).status()).isEqualTo(404);
    assertThat(newThreadWithRun(user).status()).isEqualTo(200);
  }

  private ApiClient.Response newThreadWithRun(ApiClient caller) {
    return caller.post(
        "/v1/threads/runs",
        """
        {"assistant_id": "%s", "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
        """
            .formatted(assistant));
  }

  private long threads() {
    return jdbc.one("SELECT count(*) AS n FROM threads", row -> row.bigint("n")).orElseThrow();
  }
}
