package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.WireQuirks;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever form a response has, its run ends as it should, and so does the next of its thread. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class WireQuirksTest {
  private static final String ANSWER = "It is sunny.";
  private static final String[] ENDED = {"completed", "incomplete", "failed"};

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  static List<WireQuirks.OfAnswer> answers() {
    return WireQuirks.ofAnswers();
  }

  static List<WireQuirks.OfCalls> calls() {
    return WireQuirks.ofCalls();
  }

  @BeforeEach
  void beginAnew() {
    provider.reset();
    provider.otherwise(_ -> Reply.text(ANSWER));
  }

  @ParameterizedTest
  @MethodSource("answers")
  void aRunEndsAndTheThreadAnswersTheNextMessage(WireQuirks.OfAnswer quirk) {
    // Given
    provider.reply(quirk.replies().toArray(Reply[]::new));
    var conversation = Conversation.of(user, "quirky", "How is it?");

    // When
    var run = conversation.until(conversation.run(), ENDED);

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo(quirk.status());
    var words =
        quirk.status().equals("completed")
            ? Conversation.text(conversation.lastMessage())
            : run.at("/last_error/message").asText();
    assertThat(words).contains(quirk.words());
    assertThat(provider.requests()).hasSize(quirk.replies().size());

    // And
    answersTheNextMessage(conversation);
  }

  @ParameterizedTest
  @MethodSource("calls")
  void callsAreMadeAndTheThreadAnswersTheNextMessage(WireQuirks.OfCalls quirk) {
    // Given
    provider.reply(quirk.reply());
    var conversation = Conversation.of(user, "quirky", "How is it?", "get_weather");

    // When
    var run = conversation.until(conversation.run(), "requires_action", "completed", "failed");

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo("requires_action");
    assertThat(run.findValuesAsText("arguments")).isEqualTo(quirk.arguments());

    // When
    var submitted = conversation.submit(run, Conversation.outputs(Conversation.calls(run)));

    // Then
    assertThat(submitted.status()).as(submitted.text()).isEqualTo(200);
    var ended = conversation.until(run, ENDED);
    assertThat(ended.path("status").asText()).as(ended.toString()).isEqualTo("completed");
    eachResultBelongsToACall();

    // And
    answersTheNextMessage(conversation);
    eachResultBelongsToACall();
  }

  private void eachResultBelongsToACall() {
    var messages = provider.lastRequest().body().path("messages");
    assertThat(messages.findValuesAsText("tool_call_id"))
        .doesNotHaveDuplicates()
        .isEqualTo(messages.findValuesAsText("id"));
  }

  private static void answersTheNextMessage(Conversation conversation) {
    conversation.say("And tomorrow?");
    JsonNode next = conversation.until(conversation.run(), ENDED);
    assertThat(next.path("status").asText()).as(next.toString()).isEqualTo("completed");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(ANSWER);
  }
}
