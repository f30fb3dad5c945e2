package dev.threadmill.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.EventAccumulator;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The objects accumulated from the events equal the stored ones, for random answers of the model
 * and random breaks of the reader's connection. {@code -Dthreadmill.fold.seed=N} selects another
 * seed.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class StreamAccumulationTest {
  private static final String[] PIECES = {
    "",
    " ",
    "a",
    "word ",
    "é",
    "☔",
    "𝄞",
    "\"",
    "\\",
    "\n",
    "\t",
    "日本語",
    "</s>",
    "data: x\n\n",
    "{\"index\":0}",
    "e\u0301",
    "\u2028"
  };

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  static LongStream seeds() {
    var chosen = Long.getLong("threadmill.fold.seed");
    return chosen == null ? LongStream.rangeClosed(1, 12) : LongStream.of(chosen);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void theAccumulatedEventsEqualTheStoredObjects(long seed) {
    var random = new Random(seed);
    var model = "fold-%d-%d".formatted(seed, System.nanoTime());
    provider.replyTo(model, script(random));
    var conversation = Conversation.of(user, model, "Go.", "f", "g");
    var run = conversation.run();

    var fold = readToTheEnd(conversation, run, random);

    fold.compareWith(conversation.get(run), conversation.steps(run), conversation.messages());
  }

  // ---- the reader ----

  private EventAccumulator readToTheEnd(Conversation conversation, JsonNode run, Random random) {
    var fold = new EventAccumulator();
    String last = null;
    while (true) {
      int patience = random.nextInt(1, 40);
      var caller = last == null ? user : user.with("Last-Event-ID", last);
      try (var stream = caller.events(conversation.path(run) + "/events")) {
        assertThat(stream.status()).isEqualTo(200);
        SseStream.Frame frame = stream.next();
        for (int i = 0; i < patience && frame != null && !frame.isDone(); i++) {
          fold.add(frame.event(), frame.json());
          last = frame.id();
          if (frame.event().equals("thread.run.requires_action")) {
            submit(conversation, run);
          }
          frame = stream.next();
        }
        if (frame == null || frame.isDone()) {
          assertThat(frame).as("the stream ends with a word").isNotNull();
          return fold;
        }
      }
    }
  }

  /** The event may be replayed after a broken connection when the wait is already over. */
  private void submit(Conversation conversation, JsonNode run) {
    var calls = Conversation.calls(conversation.get(run));
    if (!calls.isEmpty()) {
      conversation.submit(run, Conversation.outputs(calls));
    }
  }

  // ---- the model ----

  private static Reply[] script(Random random) {
    List<Reply> replies = new ArrayList<>();
    int turns = random.nextInt(3);
    for (int i = 0; i < turns; i++) {
      fail(random, replies);
      replies.add(Reply.streamed(turn(random, 1 + random.nextInt(3))));
    }
    fail(random, replies);
    var last = Reply.streamed(turn(random, 0));
    int end = random.nextInt(10);
    replies.add(
        switch (end) {
          case 0, 1 -> last.cutAfter(random.nextInt(1, 8));
          default -> random.nextBoolean() ? last.withPause(1) : last;
        });
    return replies.toArray(Reply[]::new);
  }

  /** Failures that are retried and produce no events. */
  private static void fail(Random random, List<Reply> replies) {
    if (random.nextInt(5) == 0) {
      replies.add(
          Reply.error(random.nextBoolean() ? 429 : 500, "x", "x").withHeader("retry-after", "0"));
    }
  }

  private static List<Reply.Step> turn(Random random, int calls) {
    var json = JsonNodeFactory.instance;
    var steps = new ArrayList<Reply.Step>();
    int pieces = calls > 0 && random.nextBoolean() ? 0 : random.nextInt(25);
    for (int i = 0; i < pieces; i++) {
      steps.add(new Reply.Step.Delta(json.objectNode().put("content", text(random, 4))));
    }
    for (int call = 0; call < calls; call++) {
      var name = random.nextBoolean() ? "f" : "g";
      steps.add(new Reply.Step.Delta(Reply.toolCall(call, "call_" + call, name, "")));
      var arguments = json.objectNode().put("x", text(random, 12)).toString();
      for (int at = 0; at < arguments.length(); ) {
        int to = whole(arguments, Math.min(arguments.length(), at + random.nextInt(1, 9)));
        var piece = arguments.substring(at, to);
        steps.add(new Reply.Step.Delta(Reply.toolCall(call, null, null, piece)));
        at = to;
      }
    }
    var reason = calls > 0 ? "tool_calls" : random.nextInt(6) == 0 ? "length" : "stop";
    steps.add(new Reply.Step.Finish(reason));
    if (random.nextInt(4) > 0) {
      steps.add(new Reply.Step.Usage(10, pieces));
    }
    steps.add(new Reply.Step.Done());
    return steps;
  }

  /** The largest index that splits no surrogate pair, so that each chunk is valid UTF-8. */
  private static int whole(String text, int at) {
    return at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? at + 1 : at;
  }

  private static String text(Random random, int most) {
    var text = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }
}
