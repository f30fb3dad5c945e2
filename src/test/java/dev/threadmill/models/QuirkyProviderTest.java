package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs with providers that behave as real ones do: each ends as it should, and so does the next.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class QuirkyProviderTest extends QuirkyProviderFixture {
  @Test
  void nothingIsSentThatNobodySet() {
    var conversation = Conversation.of(user, "plain", "How is it?");

    var run = conversation.until(conversation.run(), ENDED);

    assertThat(run.path("temperature").asDouble()).isEqualTo(1);
    assertThat(run.path("top_p").asDouble()).isEqualTo(1);
    assertThat(provider.lastRequest().body().has("temperature")).isFalse();
    assertThat(provider.lastRequest().body().has("top_p")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "refuses-temperature, 1",
    "refuses-temperature-beside-top-p, 1",
    "refuses-whatever-is-set, 4",
    "wants-max-tokens, 1",
    "writes-64-tokens-at-most, 1",
    "refuses-system, 1",
  })
  void aParameterThatIsRefusedIsLeftOutAndThatIsRemembered(String model, int refusals) {
    // Given
    var conversation = Conversation.of(user, model, "How is it?");
    var body = conversation.body();
    body.put("temperature", 0.5).put("top_p", 0.5).put("max_completion_tokens", 5000);
    body.put("instructions", "Be brief.").put("reasoning_effort", "low");

    // When
    var first = ended(conversation, body);
    int calls = provider.requests().size();
    conversation.say("And now?");
    var second = ended(conversation, body);

    // Then
    assertThat(first.path("status").asText()).as(first.toString()).isEqualTo("completed");
    assertThat(second.path("status").asText()).as(second.toString()).isEqualTo("completed");
    assertThat(calls).isEqualTo(refusals + 1);
    assertThat(provider.requests()).hasSize(refusals + 2);
    assertThat(provider.lastRequest().body().path("messages").toString()).contains("Be brief.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no-vision",
        "no-mmproj",
        "no-endpoint-with-vision",
        "unknown-variant",
        "text-only",
        "no-hearing",
      })
  void aThreadWithAPictureAndASoundGoesOnWithAModelThatTakesNeither(String model) {
    // Given
    var conversation = Conversation.of(user, model, "How is it?");
    user.post(
        conversation.path() + "/messages",
        """
        {"role": "user", "content": [
          {"type": "text", "text": "Look and listen."},
          {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
          {"type": "audio", "data": "UklGRg==", "format": "wav"}]}
        """);

    // When
    var first = ended(conversation, conversation.body());
    int calls = provider.requests().size();
    conversation.say("And now?");
    var second = ended(conversation, conversation.body());

    // Then
    assertThat(first.path("status").asText()).as(first.toString()).isEqualTo("completed");
    assertThat(second.path("status").asText()).as(second.toString()).isEqualTo("completed");
    assertThat(calls).isEqualTo(2);
    assertThat(provider.requests()).hasSize(3);
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("Look and listen.");
  }

  @Test
  void whatIsRefusedInOtherWordsIsWrittenOtherwise() {
    for (var model : List.of("json-schema-or-text", "tool-choice-in-words", "template-fails")) {
      var conversation = Conversation.of(user, "call-signature", "How is it?", "get_weather");
      answered(conversation, conversation.run());
      conversation.say("And tomorrow?");
      var body = conversation.body().put("model", model);
      body.putObject("response_format").put("type", "json_object");
      body.putObject("tool_choice")
          .put("type", "function")
          .putObject("function")
          .put("name", "get_weather");

      var run = ended(conversation, body);

      assertThat(run.path("status").asText()).as(run.toString()).isEqualTo("completed");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"alternates", "refuses-blanks"})
  void aHistoryOfAnyFormIsMadeToFit(String model) {
    // Given: a message after a run that failed, and one of spaces
    var conversation = Conversation.of(user, "finish-abort", "How is it?");
    assertThat(ended(conversation, conversation.body()).path("status").asText())
        .isEqualTo("failed");
    conversation.say("   ");
    conversation.say("Well?");

    // When
    var run = ended(conversation, conversation.body().put("model", model));

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo("completed");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("How is it?", "Well?");
  }

  @Test
  void aPromptIsCutToAWindowThatOnlyTheRefusalNamed() {
    // Given
    var conversation = Conversation.of(user, "has-600-tokens", "The first word is plum.");
    for (int i = 0; i < 12; i++) {
      conversation.say("Message %d: %s".formatted(i, "word ".repeat(60)));
    }
    conversation.say("How is it?");

    // When
    var run = ended(conversation, conversation.body());

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo("completed");
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("How is it?")
        .doesNotContain("plum");

    // And the next prompt is cut without another refusal
    int calls = provider.requests().size();
    conversation.say("And now?");
    assertThat(ended(conversation, conversation.body()).path("status").asText())
        .isEqualTo("completed");
    assertThat(provider.requests()).hasSize(calls + 1);
  }

  @ParameterizedTest
  @CsvSource({
    "finish-length, incomplete, max_tokens",
    "finish-max_tokens, incomplete, max_tokens",
    "finish-model_length, incomplete, max_tokens",
    "finish-model_context_window_exceeded, incomplete, max_tokens",
    "finish-MAX_TOKENS, incomplete, max_tokens",
    "finish-content_filter, failed, content_filter",
    "finish-refusal, failed, content_filter",
    "finish-SAFETY, failed, content_filter",
    "finish-error, failed, run_failed",
    "finish-abort, failed, run_failed",
    "finish-cosmic_rays, failed, run_failed",
    "cut, failed, run_failed",
    "error-in-choice, failed,",
    "finish-end_turn, completed,",
    "finish-eos, completed,",
    "no-reason-but-done, completed,",
    "sse-as-json, completed,",
    "thinks-in-text, completed,",
    "usage-none, completed,",
    "whole-without-reason, completed,",
    "json-lines, completed,",
    "field-twice, completed,",
    "lines-for-events, completed,",
    "pings, completed,",
    "byte-order-mark-and-carriage-returns, completed,",
    "empty-errors, completed,",
    "stops-with-each-chunk, completed,",
    "nulls, completed,",
    "parts-without-type, completed,",
    "error-as-text, failed,",
    "nothing, completed,",
    "reasoning-only, completed,",
  })
  void everyEndIsKnownOrAnErrorAndTheThreadAnswersTheNextMessage(
      String model, String status, String reason) {
    // Given
    var conversation = Conversation.of(user, model, "How is it?");

    // When
    var run = ended(conversation, conversation.body());

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo(status);
    if (reason != null) {
      assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(ANSWER);
      assertThat(conversation.lastMessage().at("/incomplete_details/reason").asText())
          .isEqualTo(reason);
    }

    if (status.equals("completed") && !model.matches("nothing|reasoning-only")) {
      assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(ANSWER);
    }

    // And
    conversation.say("And tomorrow?");
    var next = ended(conversation, conversation.body().put("model", "plain"));
    assertThat(next.path("status").asText()).as(next.toString()).isEqualTo("completed");
  }

  @Test
  void thoughtsInTheTextAreReasoning() {
    var conversation = Conversation.of(user, "thinks-in-text", "How is it?");

    var run = ended(conversation, conversation.body());

    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(ANSWER);
    assertThat(conversation.steps(run).get(0).at("/reasoning/text").asText())
        .isEqualTo("Clouds? No.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"usage-none", "usage-negative", "usage-zero", "usage-huge", "usage-text"})
  void countsThatAreMissingOrImpossibleAreOurs(String model) {
    var conversation = Conversation.of(user, model, "How is it?");

    var usage = ended(conversation, conversation.body()).path("usage");

    assertThat(usage.path("prompt_tokens").asLong()).isBetween(3L, 30L);
    assertThat(usage.path("completion_tokens").asLong()).isBetween(3L, 5L);
  }
}
