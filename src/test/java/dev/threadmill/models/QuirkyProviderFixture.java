package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.QuirkyProvider;
import java.util.ArrayList;
import org.junit.jupiter.api.BeforeEach;

/** Runs with providers that behave as real ones do. */
abstract class QuirkyProviderFixture {
  static final String ANSWER = "It is sunny.";

  static final String[] ENDED = {"completed", "incomplete", "failed"};

  final ApiClient user = ApiClient.user();

  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
    provider.otherwise(QuirkyProvider::reply);
  }

  JsonNode ended(Conversation conversation, ObjectNode body) {
    var created = conversation.run(body);
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return conversation.until(created.json(), ENDED);
  }

  /** The run once it has ended, with its calls answered. */
  static JsonNode answered(Conversation conversation, JsonNode run) {
    var waiting = conversation.until(run, "requires_action", "completed", "failed", "incomplete");
    if (waiting.path("status").asText().equals("requires_action")) {
      var calls = new ArrayList<>(Conversation.calls(waiting));
      var submitted = conversation.submit(waiting, Conversation.outputs(calls));
      assertThat(submitted.status()).as(submitted.text()).isEqualTo(200);
    }
    return conversation.until(run, ENDED);
  }
}
