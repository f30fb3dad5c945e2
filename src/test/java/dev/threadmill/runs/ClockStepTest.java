package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.lab.chaos.InvariantChecks;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The clock of a node is set while it executes a run. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ClockStepTest {
  private static final String WORDS = "one two three four five six";

  @Inject SettableClock clock;
  @Inject Jdbc jdbc;
  FakeProvider provider;

  private final ReplyGate gate = new ReplyGate();
  private final String model = "m-" + System.identityHashCode(gate);
  private Conversation conversation;
  private JsonNode run;

  @BeforeEach
  void aRunIsUnderWay() {
    provider.reset();
    provider.replyTo(model, Reply.text(WORDS).withGate(gate), Reply.text("And again."));
    conversation = Conversation.of(ApiClient.user(), model, "Count.");
    run = conversation.run();
    gate.release(3);
    Awaitility.await().until(() -> gate.waiting() == 1);
  }

  @AfterEach
  void theClockIsRight() {
    gate.open();
    clock.reset();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-PT3H", "PT9M"})
  void aNodeWhoseClockStepsKeepsItsLeaseItsRunAndTheOrderOfItsThread(String step) {
    var nodes = nodes();

    clock.advance(Duration.parse(step));
    // A lease and more passes: a node that renewed by its own clock would be given up by now.
    var until = leaseUntil();
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> leaseUntil() > until + 5);
    gate.open();

    assertThat(Conversation.text(answered(conversation.until(run, "completed")))).isEqualTo(WORDS);
    conversation.say("And now?");
    conversation.until(conversation.run(), "completed");
    assertThat(nodes()).isEqualTo(nodes);
    assertThat(
            jdbc.one("SELECT attempt FROM runs WHERE id = ?", row -> row.integer("attempt"), id()))
        .contains(1);
    assertThat(texts()).containsExactly("Count.", WORDS, "And now?", "And again.");
  }

  @Test
  void aClockThatIsHoursAheadExpiresTheRunOnceAndTheThreadGoesOn() {
    clock.advance(Duration.ofHours(3));
    conversation.until(run, "expired");
    clock.reset();
    gate.open();

    conversation.say("And now?");
    conversation.until(conversation.run(), "completed");
    assertThat(conversation.get(run).path("status").asText()).isEqualTo("expired");
    assertThat(texts()).endsWith("And now?", "And again.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"completed", "cancelled"})
  void whatWaitsForItsClientEndsNoEarlierThanItBeganWhenTheClockIsSetBack(String end) {
    provider.replyTo(model + "-calls", Reply.call("look", "{}"), Reply.text("It is sunny."));
    var other = Conversation.of(ApiClient.user(), model + "-calls", "Look.", "look");
    var waiting = other.until(other.run(), "requires_action");

    clock.advance(Duration.ofHours(-3));
    var calls = Conversation.outputs(Conversation.calls(waiting));
    var answer = end.equals("cancelled") ? other.cancel(waiting) : other.submit(waiting, calls);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);

    var ended = other.until(waiting, end);
    assertThat(other.steps(ended)).isNotEmpty();
    assertThat(InvariantChecks.timestampsAreOrdered(ended, other.steps(ended), other.messages()))
        .isEmpty();
  }

  private String id() {
    return run.path("id").asText();
  }

  private JsonNode answered(JsonNode ended) {
    assertThat(ended.path("status").asText()).isEqualTo("completed");
    return conversation.lastMessage();
  }

  /** In the order of the thread. */
  private List<String> texts() {
    var texts = new ArrayList<String>();
    conversation.messages().forEach(message -> texts.add(Conversation.text(message)));
    return texts;
  }

  private List<String> nodes() {
    return jdbc.list("SELECT id FROM nodes ORDER BY id", row -> row.text("id"));
  }

  /** In seconds of the database's clock, of the node whose lease ends last. */
  private long leaseUntil() {
    return jdbc.one(
            "SELECT max(extract(epoch FROM lease_until))::bigint AS until FROM nodes",
            row -> row.bigint("until"))
        .orElseThrow();
  }
}
