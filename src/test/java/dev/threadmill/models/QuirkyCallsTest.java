package dev.threadmill.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.QuirkyProvider;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As {@link QuirkyProviderTest}, of runs with tool calls. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class QuirkyCallsTest extends QuirkyProviderFixture {
  @ParameterizedTest
  @CsvSource({
    "call-short-ids, 0",
    "call-signature, 0",
    "call-reasoning, 1",
    "call-empty-object-first, 0",
    "call-wrong-index, 0",
    "call-no-index, 0",
    "call-wrapped, 0",
    "call-between-texts, 0",
    "call-null-names, 0",
    "call-name-with-token, 0",
    "call-name-with-number, 0",
    "call-quoted, 0",
    "call-with-null, 0",
    "call-same-ids, 0",
    "call-reasoning-details, 0",
  })
  void aRunWithCallsEndsAndSoDoTheNextAndOneOfAFork(String model, int refusals) {
    // Given
    var conversation = Conversation.of(user, model, "How is it?", "get_weather");

    // When
    var first = answered(conversation, conversation.run());

    // Then
    assertThat(first.path("status").asText()).as(first.toString()).isEqualTo("completed");
    assertThat(Conversation.text(conversation.lastMessage())).isEqualTo(ANSWER);
    int calls = provider.requests().size();

    // And
    conversation.say("And tomorrow?");
    var second = answered(conversation, conversation.run());
    assertThat(second.path("status").asText()).as(second.toString()).isEqualTo("completed");

    // And
    var fork = user.post(conversation.path() + "/fork", "{}").json().path("id").asText();
    user.post("/v1/threads/" + fork + "/messages", "{\"role\":\"user\",\"content\":\"And then?\"}");
    var runs = "/v1/threads/" + fork + "/runs";
    var run = user.post(runs, conversation.body().toString()).json().path("id").asText();
    Awaitility.await()
        .until(
            () -> user.get(runs + "/" + run).json().path("status").asText(),
            status -> status.equals("requires_action") || List.of(ENDED).contains(status));
    assertThat(user.get(runs + "/" + run).json().path("status").asText())
        .isEqualTo("requires_action");
    assertThat(calls).isEqualTo(2 + refusals);
    assertThat(provider.requests()).hasSize(5 + refusals);
  }

  @Test
  void aRunWhoseCallWasCutEndsAndSoDoesTheNext() {
    // Given: the server answers such a call itself, and the provider refuses it in the history
    var conversation = Conversation.of(user, "call-cut", "How is it?", "get_weather");

    // When
    var first = ended(conversation, conversation.body());
    conversation.say("And tomorrow?");
    var second = ended(conversation, conversation.body());

    // Then: the call, the refusal, and the history in another shape
    assertThat(first.path("status").asText()).as(first.toString()).isEqualTo("completed");
    assertThat(second.path("status").asText()).as(second.toString()).isEqualTo("completed");
    assertThat(provider.requests()).hasSize(3 + 2);
  }

  @Test
  void callsOfOtherModelsAreGivenIdsThatTheProviderAccepts() {
    // Given: a call that another model made
    var conversation = Conversation.of(user, "call-signature", "How is it?", "get_weather");
    answered(conversation, conversation.run());
    conversation.say("And tomorrow?");

    // When
    var run =
        answered(
            conversation,
            conversation.run(conversation.body().put("model", "call-short-ids")).json());

    // Then
    assertThat(run.path("status").asText()).as(run.toString()).isEqualTo("completed");
    var messages = provider.lastRequest().body().path("messages");
    assertThat(messages.toString()).doesNotContain("thought_signature");
    var ids = messages.findValuesAsText("id");
    assertThat(ids).hasSize(2).contains(QuirkyProvider.SHORT_ID);
    assertThat(messages.findValuesAsText("tool_call_id")).isEqualTo(ids);
  }

  @Test
  void argumentsAreAsTheModelMeantThem() {
    for (var model :
        List.of("call-wrong-index", "call-no-index", "call-wrapped", "call-same-ids")) {
      var conversation = Conversation.of(user, model, "How is it?", "get_weather");
      var run = conversation.until(conversation.run(), "requires_action");
      assertThat(run.findValuesAsText("arguments"))
          .as(model)
          .containsExactly("{\"city\":\"Rome\"}", "{\"city\":\"Oslo\"}");
    }
    for (var model :
        List.of(
            "call-empty-object-first",
            "call-null-names",
            "call-name-with-token",
            "call-name-with-number",
            "call-quoted")) {
      var conversation = Conversation.of(user, model, "How is it?", "get_weather");
      var run = conversation.until(conversation.run(), "requires_action");
      assertThat(run.findValuesAsText("arguments"))
          .as(model)
          .containsExactly("{\"city\":\"Rome\"}");
    }
  }

  @Test
  void textBesideCallsIsStoredShownAndSentBack() {
    // Given
    var conversation = Conversation.of(user, "call-between-texts", "How is it?", "get_weather");

    // When
    var run = answered(conversation, conversation.run());

    // Then
    assertThat(conversation.messages())
        .extracting(Conversation::text)
        .containsExactly("How is it?", "Let me look.", ANSWER);
    assertThat(conversation.steps(run).get(1).at("/commentary/text").asText())
        .isEqualTo("One moment.");
    var sent = provider.lastRequest().body().at("/messages/1/content").asText();
    assertThat(sent).isEqualTo("Let me look.\n\nOne moment.");

    // And in the next run
    conversation.say("And tomorrow?");
    conversation.until(conversation.run(), "requires_action");
    assertThat(provider.lastRequest().body().at("/messages/1/content").asText()).isEqualTo(sent);
  }

  @Test
  void keywordsOfASchemaThatAreNotKnownAreNoWarnings() {
    var logged = new CopyOnWriteArrayList<String>();
    var log = Logger.getLogger("com.networknt.schema.keyword.UnknownKeywordFactory");
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            logged.add(line.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    log.addHandler(handler);
    try {
      var created =
          user.post(
              "/v1/assistants",
              """
              {"model": "plain", "tools": [{"type": "function", "function": {"name": "f",
                "parameters": {"type": "object", "x-order": ["a"],
                  "properties": {"a": {"type": "string", "x-unit": "m"}}}}}]}
              """);

      assertThat(created.status()).as(created.text()).isEqualTo(200);
      assertThat(logged).isEmpty();
    } finally {
      log.removeHandler(handler);
    }
  }
}
