package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** An embedding model of a provider that fails for a while. */
@QuarkusTest
@TestProfile(EmbeddingsDownTest.OfAProvider.class)
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class EmbeddingsDownTest {
  /** The embedding model is the provider's. */
  public static final class OfAProvider implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of("threadmill.embeddings.model", "text-embedding-fake");
    }
  }

  @Inject Jdbc jdbc;
  FakeProvider provider;

  @Test
  void whileTheModelIsDownWordsFindWhatWasSaidAndVectorsFollow() {
    provider.embeddingsDown(true);
    var thread = MemoryThread.create(ApiClient.user());
    thread.say("user", "The spare key hangs behind the barometer.");
    thread.say("user", "It rained all day.");

    var meanwhile = thread.memory("What hangs behind the barometer?", 5);

    assertThat(meanwhile.path("pending").asInt()).isEqualTo(2);
    assertThat(meanwhile.at("/vector_context/0/text").asText()).contains("spare key");
    assertThat(vectors(thread)).isZero();

    provider.embeddingsDown(false);
    jdbc.update("UPDATE memory_queue SET due = '-infinity' WHERE thread_id = ?", thread.id());
    var afterwards = thread.memory("What hangs behind the barometer?", 5);

    assertThat(afterwards.path("pending").asInt()).isZero();
    assertThat(afterwards.at("/vector_context/0/text").asText()).contains("spare key");
    assertThat(vectors(thread)).isEqualTo(2);
  }

  @Test
  void aTextThatTheModelRefusesHoldsUpNoOther() {
    provider.refusedByEmbeddings("unembeddable");
    var user = ApiClient.user();
    var thread = MemoryThread.of(user, List.of("The spare key hangs behind the barometer."));
    thread.say("user", "This is unembeddable: \u0001\u0002 key.");
    thread.say("user", "It rained all day.");

    var answer = thread.memory("Where is the key?", 5);

    assertThat(answer.path("pending").asInt()).isZero();
    assertThat(answer.path("vector_context")).hasSize(3);
    assertThat(vectors(thread)).isEqualTo(2);
    provider.refusedByEmbeddings(null);
  }

  @Test
  void aQuestionThatWasJustAskedNeedsNoNewVector() {
    var thread = MemoryThread.create(ApiClient.user());
    thread.say("user", "The spare key hangs behind the barometer.");
    thread.say("user", "It rained all day.");
    var before = thread.memory("Where is that key?", 5).path("vector_context");
    provider.embeddingsDown(true);

    var again = thread.memory("Where is that key?", 5).path("vector_context");
    var other = thread.memory("Where is this key?", 5).path("vector_context");

    provider.embeddingsDown(false);
    assertThat(again.at("/0/score")).isEqualTo(before.at("/0/score"));
    assertThat(other.at("/0/score")).isNotEqualTo(before.at("/0/score"));
  }

  private int vectors(MemoryThread thread) {
    return jdbc.one(
            """
            SELECT count(embedding) AS vectors FROM memory_index
            WHERE thread_id = ? AND model = 'text-embedding-fake'
            """,
            row -> row.integer("vectors"),
            thread.id())
        .orElseThrow();
  }
}
