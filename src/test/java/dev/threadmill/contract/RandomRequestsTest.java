package dev.threadmill.contract;

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
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random requests on a run, allowed or not, in an order that a seed determines: each response
 * matches the status of the run, and no request changes the status otherwise. {@code
 * -Dthreadmill.requests.seed=N} selects another seed.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class RandomRequestsTest {
  private static final int REQUESTS = 30;
  private static final String[] ENDS = {
    "completed", "cancelled", "failed", "expired", "incomplete"
  };

  private final ApiClient user = ApiClient.user();
  private Random random;
  private Conversation conversation;
  private ReplyGate gate;
  private JsonNode run;
  private State state = State.NONE;
  private final List<String> history = new ArrayList<>();
  FakeProvider provider;
  private volatile Reply reply = Reply.text("that is all there is");

  /** The status of the run as far as its client can know. */
  private enum State {
    NONE,
    IN_PROGRESS,
    REQUIRES_ACTION,
    ENDED
  }

  static LongStream seeds() {
    var chosen = Long.getLong("threadmill.requests.seed");
    return chosen == null ? LongStream.rangeClosed(1, 15) : LongStream.of(chosen);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everyRequestIsAnsweredAsTheStateOfTheRunDemands(long seed) {
    random = new Random(seed);
    var model = "requests-%d-%d".formatted(seed, System.nanoTime());
    provider.reset();
    provider.otherwise(_ -> reply);
    conversation = Conversation.of(user, model, "Go.", "f");
    for (int i = 0; i < REQUESTS; i++) {
      request();
      agree();
    }
    letTheModelAnswer();
  }

  private void request() {
    switch (random.nextInt(9)) {
      case 0, 1 -> createRun();
      case 2, 3, 4 -> letTheModelAnswer();
      case 5 -> cancel();
      case 6 -> submit(true);
      case 7 -> submit(false);
      default -> addMessage();
    }
  }

  private boolean isActive() {
    return state == State.IN_PROGRESS || state == State.REQUIRES_ACTION;
  }

  private void expect(String what, ApiClient.Response answer, boolean isAllowed) {
    history.add(what + " when " + state);
    assertThat(answer.status())
        .as("%s: %s", history, answer.text())
        .isEqualTo(isAllowed ? 200 : 400);
    if (!isAllowed) {
      assertThat(answer.error().path("type").asText()).isEqualTo("invalid_request_error");
      assertThat(answer.error().path("message").asText()).isNotBlank();
    }
  }

  private void createRun() {
    if (!isActive()) {
      gate = new ReplyGate();
      reply = nextReply();
    }
    var answer = conversation.run(conversation.body());
    expect("create", answer, !isActive());
    if (!isActive()) {
      run = answer.json();
      state = State.IN_PROGRESS;
    }
  }

  private Reply nextReply() {
    var next =
        random.nextInt(3) > 0 ? Reply.call("f", "{\"x\": 1}") : Reply.text("that is all there is");
    return next.withGate(gate);
  }

  private void letTheModelAnswer() {
    if (state == State.IN_PROGRESS) {
      gate.open();
      run = conversation.until(run, "requires_action", "completed");
      state = run.path("status").asText().equals("completed") ? State.ENDED : State.REQUIRES_ACTION;
    }
  }

  private void cancel() {
    if (run == null) {
      return;
    }
    expect("cancel", conversation.cancel(run), isActive());
    if (isActive()) {
      run = conversation.until(run, ENDS);
      assertThat(run.path("status").asText()).as("%s", history).isEqualTo("cancelled");
      gate.open();
      state = State.ENDED;
    }
  }

  private void submit(boolean isRight) {
    if (run == null) {
      return;
    }
    var calls = new ArrayList<>(Conversation.calls(conversation.get(run)));
    if (!isRight || calls.isEmpty()) {
      calls.add("call_that_nobody_made");
    }
    boolean isAllowed = state == State.REQUIRES_ACTION && isRight;
    if (isAllowed) {
      gate = new ReplyGate();
      reply = nextReply();
    }
    expect("submit", conversation.submit(run, Conversation.outputs(calls)), isAllowed);
    if (isAllowed) {
      state = State.IN_PROGRESS;
    }
  }

  private void addMessage() {
    expect("say", conversation.say("And another thing."), !isActive());
  }

  /** Checks that the run has the status that its client expects. */
  private void agree() {
    if (run == null) {
      return;
    }
    var now = conversation.get(run);
    var expected =
        switch (state) {
          case NONE -> Set.of("none");
          case IN_PROGRESS -> Set.of("queued", "in_progress");
          case REQUIRES_ACTION -> Set.of("requires_action");
          case ENDED -> Set.of(run.path("status").asText());
        };
    assertThat(now.path("status").asText()).as("%s", history).isIn(expected);
    if (state == State.ENDED) {
      assertThat(now).as("what has ended stays as it is").isEqualTo(run);
    }
    assertThat(now.path("required_action").isNull()).isEqualTo(state != State.REQUIRES_ACTION);
  }
}
