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
import dev.threadmill.testing.ReplyGate;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs that wait for another on their thread, and runs that interrupt it. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class WaitingRunsTest {
  private final ApiClient user = ApiClient.user();
  private final ReplyGate gate = new ReplyGate();
  FakeProvider provider;

  /** A model of this test alone: a run of an earlier test takes none of its replies. */
  private String model(String name) {
    return name + "-" + System.identityHashCode(gate);
  }

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @AfterEach
  void letEverythingGo() {
    gate.open();
  }

  private Conversation busy() {
    provider.replyTo(model("busy"), Reply.text("the first answer").withGate(gate));
    return Conversation.of(user, model("busy"), "Go.");
  }

  private static JsonNode more(Conversation conversation, String policy, String text) {
    var body = conversation.body().put("on_active_run", policy);
    body.putArray("additional_messages").addObject().put("role", "user").put("content", text);
    var created = conversation.run(body);
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.json();
  }

  private List<String> texts(Conversation conversation) {
    var texts = new ArrayList<String>();
    for (var message : user.get(conversation.path() + "/messages?order=asc").json().get("data")) {
      texts.add(message.at("/content/0/text/value").asText());
    }
    return texts;
  }

  @Test
  void queuedRunsTakeTheirTurnsAndTheirMessagesComeWithThem() {
    var conversation = busy();
    var first = conversation.until(conversation.run(), "in_progress");
    provider.replyTo(
        model("busy"), Reply.text("the second answer"), Reply.text("the third answer"));
    var second = more(conversation, "queue", "second");
    var third = more(conversation, "queue", "third");
    assertThat(second.get("status").asText()).isEqualTo("queued");
    assertThat(texts(conversation)).containsExactly("Go.");

    gate.open();

    conversation.until(first, "completed");
    conversation.until(second, "completed");
    conversation.until(third, "completed");
    assertThat(texts(conversation))
        .containsExactly(
            "Go.", "the first answer", "second", "the second answer", "third", "the third answer");
  }

  @Test
  void aRunThatInterruptsCancelsTheActiveOneAndThenAnswers() {
    var conversation = busy();
    var first = conversation.until(conversation.run(), "in_progress");
    provider.replyTo(model("busy"), Reply.text("the better answer"));

    var second = more(conversation, "interrupt", "wait");

    conversation.until(second, "completed");
    conversation.until(first, "cancelled");
    assertThat(texts(conversation)).endsWith("wait", "the better answer");
  }

  @Test
  void aRunThatWaitsForARunThatWaitsForItsClientInterruptsThatToo() {
    provider.replyTo(model("calls"), Reply.call("f", "{}"), Reply.text("never mind"));
    var conversation = Conversation.of(user, model("calls"), "Call.", "f");
    var first = conversation.until(conversation.run(), "requires_action");

    var second = more(conversation, "interrupt", "leave it");

    conversation.until(second, "completed");
    conversation.until(first, "cancelled");
  }

  @Test
  void aWaitingRunCanBeCancelledAndLeavesNothingInTheThread() {
    var conversation = busy();
    var first = conversation.until(conversation.run(), "in_progress");
    var second = more(conversation, "queue", "second");

    assertThat(conversation.cancel(second).status()).isEqualTo(200);

    conversation.until(second, "cancelled");
    gate.open();
    conversation.until(first, "completed");
    assertThat(texts(conversation)).containsExactly("Go.", "the first answer");
  }

  @Test
  void anotherPolicyIsRefusedByName() {
    var conversation = busy();

    var refused = conversation.run(conversation.body().put("on_active_run", "perhaps"));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().get("param").asText()).isEqualTo("on_active_run");
  }
}
