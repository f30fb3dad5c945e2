package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RunTreeTest {
  private static final String NESTED = "thread.run.nested";
  private static final String ASK = "{\"message\": \"Go on.\"}";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final String topModel = "top-" + UUID.randomUUID();
  private final String leftModel = "left-" + UUID.randomUUID();
  private final String rightModel = "right-" + UUID.randomUUID();
  private final String leafModel = "leaf-" + UUID.randomUUID();
  private final ReplyGate gate = new ReplyGate();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  private static String routing(String... targets) {
    return "{\"type\": \"agent_routing\", \"targets\": [\"%s\"]}"
        .formatted(String.join("\", \"", targets));
  }

  /**
   * Top calls left and right at once, and left calls leaf, whose answer is held back by the gate.
   */
  private JsonNode start(String... toolsOfLeaf) {
    var leaf = runs.assistant(leafModel, "\"name\": \"Leaf\",", toolsOfLeaf);
    var left = runs.assistant(leftModel, "\"name\": \"Left\",", routing(leaf));
    var right = runs.assistant(rightModel, "\"name\": \"Right\",");
    var top = runs.assistant(topModel, "\"name\": \"Top\",", routing(left, right));
    provider.replyTo(
        topModel,
        Reply.calls(
            new Reply.Call("a", "route_to_left", ASK), new Reply.Call("b", "route_to_right", ASK)),
        Reply.text("All said."));
    provider.replyTo(leftModel, Reply.call("route_to_leaf", ASK), Reply.text("Left said."));
    provider.replyTo(rightModel, Reply.text("Right said."));
    if (toolsOfLeaf.length == 0) {
      provider.replyTo(leafModel, Reply.text("Leaf said it all.").withGate(gate));
    } else {
      provider.replyTo(leafModel, Reply.call("look", "{}"), Reply.text("Leaf said it all."));
    }
    return runs.start(top, "Ask all.");
  }

  private JsonNode tree(JsonNode run) {
    return api.get(path(run) + "/tree").json();
  }

  @Test
  void theTreeShowsWhoWorksForWhomAndWhatItsClientHasToDo() {
    var run = start("{\"type\": \"function\", \"function\": {\"name\": \"look\"}}");
    var waiting =
        await()
            .atMost(Duration.ofSeconds(20))
            .pollInterval(Duration.ofMillis(20))
            .until(
                () -> tree(run),
                tree ->
                    tree.at("/children/0/children/0/status").asText().equals("requires_action")
                        && tree.at("/children/1/status").asText().equals("completed"));

    assertThat(waiting.path("object").asText()).isEqualTo("thread.run.tree");
    assertThat(waiting.path("status").asText()).isEqualTo("in_progress");
    assertThat(waiting.path("parent_run_id").isNull()).isTrue();
    assertThat(waiting.at("/children/0/status").asText()).isEqualTo("in_progress");
    assertThat(waiting.at("/children/0/mode").asText()).isEqualTo("delegate");
    assertThat(waiting.at("/children/0/parent_run_id")).isEqualTo(run.path("id"));
    var leaf = waiting.at("/children/0/children/0");
    assertThat(leaf.at("/required_action/submit_tool_outputs/tool_calls/0/function/name").asText())
        .isEqualTo("look");

    var call = leaf.at("/required_action/submit_tool_outputs/tool_calls/0/id").asText();
    api.post(
        path(leaf) + "/submit_tool_outputs",
        "{\"tool_outputs\": [{\"tool_call_id\": \"%s\", \"output\": \"seen\"}]}".formatted(call));

    assertThat(runs.stopped(run).status()).isEqualTo("completed");
    var ended = tree(run);
    assertThat(ended.findValuesAsText("status")).hasSize(4).containsOnly("completed");
    assertThat(tree(leaf).path("children")).isEmpty();
    assertThat(tree(leaf).path("parent_run_id")).isEqualTo(ended.at("/children/0/id"));
    assertThat(ApiClient.stranger().get(path(run) + "/tree").status()).isEqualTo(404);
  }

  @Test
  void theEventsOfAllRunsComeInOneStreamAndEachBeforeItsAnswerIsTaken() {
    var run = start();
    List<SseStream.Frame> frames;
    try (var stream = api.events(path(run) + "/events?nested=true")) {
      gate.open();
      frames = stream.rest();
    }

    assertThat(frames.getLast().isDone()).isTrue();
    var own = frames.stream().filter(f -> !NESTED.equals(f.event())).toList();
    try (var plain = api.events(path(run) + "/events")) {
      assertThat(text(own)).isEqualTo(text(plain.rest()));
    }
    assertThat(nested(frames, "thread.run.completed")).hasSize(3);
    assertThat(frames.stream().map(SseStream.Frame::id).filter(id -> id != null))
        .doesNotHaveDuplicates();
    for (var child : tree(run).path("children")) {
      var id = child.path("id").asText();
      assertThat(firstAnswerTo(frames, child.path("tool_call_id").asText(), run))
          .isGreaterThan(lastOf(frames, id));
    }
    var leaf = tree(run).at("/children/0/children/0/id").asText();
    var received = new StringBuilder();
    for (var frame : nested(frames, "thread.message.delta")) {
      if (frame.json().path("run_id").asText().equals(leaf)) {
        received.append(frame.json().at("/data/delta/content/0/text/value").asText());
      }
    }
    assertThat(received.toString()).isEqualTo("Leaf said it all.");
  }

  @Test
  void aNestedStreamResumesBehindAnyEvent() {
    var run = start();
    gate.open();
    runs.stopped(run);
    List<String> all;
    List<String> ids;
    try (var stream = api.events(path(run) + "/events?nested=true")) {
      var frames = stream.rest();
      frames.removeLast();
      all = frames.stream().map(RunTreeTest::shown).toList();
      ids = frames.stream().map(SseStream.Frame::id).toList();
    }
    for (int seen = 0; seen < all.size(); seen++) {
      try (var stream =
          api.with("Last-Event-ID", ids.get(seen)).events(path(run) + "/events?nested=true")) {
        var rest = new ArrayList<>(stream.rest());
        rest.removeLast();
        // Runs beside each other have no order among them, but each has its own.
        assertThat(rest.stream().map(RunTreeTest::shown).toList())
            .as("after %s", ids.get(seen))
            .containsExactlyInAnyOrderElementsOf(all.subList(seen + 1, all.size()));
      }
    }
  }

  @Test
  void whatIsNoPlaceInATreeIsRefused() {
    var run = start();
    gate.open();
    var path = path(run) + "/events?nested=true";
    for (var wrong : List.of("x", "1-2,3", "1-2,3.1:x", "1-2,3:1-2", ",")) {
      assertThat(api.with("Last-Event-ID", wrong).get(path).status()).as(wrong).isEqualTo(400);
    }
    assertThat(api.get(path(run) + "/events?nested=maybe").status()).isEqualTo(400);
    assertThat(api.with("Last-Event-ID", "1-2,9.9:1-2").get(path).status()).isEqualTo(200);
    runs.stopped(run);
  }

  /** A frame without its id. */
  private static String shown(SseStream.Frame frame) {
    return frame.event() + " " + frame.field("data");
  }

  private static List<SseStream.Frame> nested(List<SseStream.Frame> frames, String event) {
    return frames.stream()
        .filter(f -> NESTED.equals(f.event()))
        .filter(f -> f.json().path("event").asText().equals(event))
        .toList();
  }

  private static int lastOf(List<SseStream.Frame> frames, String run) {
    int last = -1;
    for (int i = 0; i < frames.size(); i++) {
      if (NESTED.equals(frames.get(i).event())
          && frames.get(i).json().path("run_id").asText().equals(run)) {
        last = i;
      }
    }
    return last;
  }

  /** The place of the event that gives the call of the run its output. */
  private int firstAnswerTo(List<SseStream.Frame> frames, String call, JsonNode run) {
    var calls = runs.stopped(run).calls();
    int index = 0;
    while (!calls.get(index).path("id").asText().equals(call)) {
      index++;
    }
    for (int i = 0; i < frames.size(); i++) {
      if ("thread.run.step.delta".equals(frames.get(i).event())) {
        var delta = frames.get(i).json().at("/delta/step_details/tool_calls/0");
        if (delta.path("index").asInt() == index && delta.at("/function/output").isTextual()) {
          return i;
        }
      }
    }
    return -1;
  }

  private static String text(List<SseStream.Frame> frames) {
    var text = new StringBuilder();
    for (var frame : frames) {
      if ("thread.message.delta".equals(frame.event())) {
        text.append(frame.json().at("/delta/content/0/text/value").asText());
      }
    }
    return text.toString();
  }
}
