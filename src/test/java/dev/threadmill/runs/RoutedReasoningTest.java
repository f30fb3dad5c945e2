package dev.threadmill.runs;

import static dev.threadmill.testing.ToolRuns.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SseStream;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What assistants that work for another one think and say on the way, by their own settings. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class RoutedReasoningTest {
  private static final String TEXT = "/delta/content/0/text/value";
  private static final String REASONING = "/delta/reasoning/text";
  private static final String COMMENTARY = "/delta/commentary/text";
  private static final String FUNCTION =
      "{\"type\": \"function\", \"function\": {\"name\": \"f\"}}";

  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  private final String front = "front-" + UUID.randomUUID();
  private final String legal = "legal-" + UUID.randomUUID();
  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    provider.replyTo(
        front,
        Reply.call("route_to_lawyer", "{\"message\": \"Clause 5?\"}")
            .withReasoning("A question of law."),
        Reply.text("They say: binding."));
  }

  @ParameterizedTest
  @CsvSource({"shown, hidden", "hidden, shown"})
  void theOneThatAnswersShowsItsThoughtsByItsOwnSetting(String callers, String targets) {
    provider.replyTo(legal, Reply.text("It is binding.").withReasoning("Clause 5, well."));
    var desk = desk("handoff", reasoning(callers), reasoning(targets));

    var frames = stream(desk);

    var run = run(frames);
    var thoughts =
        targets.equals("shown")
            ? "Clause 5, well."
            : callers.equals("shown") ? "A question of law." : "";
    assertThat(concatenated(frames, TEXT)).isEqualTo("It is binding.");
    assertThat(concatenated(frames, REASONING)).isEqualTo(thoughts);
    var steps = steps(run);
    assertThat(steps).hasSize(2);
    assertThat(steps.get(0).has("reasoning")).isEqualTo(callers.equals("shown"));
    assertThat(steps.get(1).path("type").asText()).isEqualTo("message_creation");
    assertThat(steps.get(1).at("/reasoning/text").asText())
        .isEqualTo(targets.equals("shown") ? "Clause 5, well." : "");
    assertThat(concatenated(events(run, "", null), REASONING)).isEqualTo(thoughts);
    for (int i = 1; i < frames.size() - 1; i++) {
      var both = new ArrayList<>(frames.subList(0, i + 1));
      both.addAll(events(run, "", frames.get(i).id()));
      assertThat(concatenated(both, REASONING))
          .as("after %s", frames.get(i).id())
          .isEqualTo(thoughts);
      assertThat(concatenated(both, TEXT)).isEqualTo("It is binding.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "final"})
  void withFinalVisibilityOnlyTheLastMessageOfTheTargetIsAMessage(String visibility) {
    provider.replyTo(
        legal,
        Reply.call("nothing", "{}").withTextBefore("Let me look."),
        Reply.text("It is binding."));
    var desk = desk("handoff", "", "\"visibility\": \"" + visibility + "\",", FUNCTION);

    var frames = stream(desk);

    var run = run(frames);
    var said =
        visibility.equals("all")
            ? List.of("Let me look.", "It is binding.")
            : List.of("It is binding.");
    assertThat(run.path("status").asText()).isEqualTo("completed");
    assertThat(concatenated(frames, TEXT)).isEqualTo(String.join("", said));
    assertThat(concatenated(frames, COMMENTARY)).isEmpty();
    assertThat(messages(run)).endsWith(said.toArray(String[]::new)).hasSize(1 + said.size());
    assertThat(concatenated(events(run, "", null), TEXT)).isEqualTo(String.join("", said));
    var own = run(routed(run));
    assertThat(messages(own)).endsWith(said.toArray(String[]::new)).hasSize(1 + said.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"shown", "hidden"})
  void aTargetReturnsItsLastMessageAndItsReasoningStaysInItsRun(String targets) {
    provider.replyTo(
        legal,
        Reply.call("nothing", "{}").withTextBefore("Let me look.").withReasoning("Hm. "),
        Reply.text("It is binding.").withReasoning("Clause 5, well."));
    var desk = desk("delegate", "", reasoning(targets) + "\"visibility\": \"final\",", FUNCTION);

    var frames = stream(desk);

    var run = run(frames);
    var call = steps(run).get(0).at("/step_details/tool_calls/0");
    assertThat(call.at("/function/output").asText()).isEqualTo("It is binding.");
    assertThat(frames.toString()).doesNotContain("Let me look.", "Clause 5, well.");
    assertThat(messages(run)).containsExactly("Is clause 5 binding?", "They say: binding.");
    var own = run(routed(run));
    assertThat(messages(own)).containsExactly("Clause 5?", "It is binding.");
    var thoughts = targets.equals("shown") ? "Hm. Clause 5, well." : "";
    assertThat(
            steps(own).stream()
                .map(step -> step.at("/reasoning/text").asText())
                .collect(Collectors.joining()))
        .isEqualTo(thoughts);
    assertThat(steps(own).getFirst().at("/commentary/text").asText()).isEqualTo("Let me look.");
    var nested =
        events(run, "?nested=true", null).stream()
            .filter(frame -> "thread.run.nested".equals(frame.event()))
            .map(frame -> frame.json().path("data").at(REASONING).asText())
            .collect(Collectors.joining());
    assertThat(nested).isEqualTo(thoughts);
    assertThat(provider.lastRequest().body().path("messages").toString())
        .contains("It is binding.")
        .doesNotContain("Clause 5, well.", "Let me look.");
  }

  private String desk(String mode, String own, String more, String... tools) {
    var target = runs.assistant(legal, more + "\"name\": \"Lawyer\",", tools);
    return runs.assistant(
        front,
        own,
        "{\"type\": \"agent_routing\", \"targets\": [\"%s\"], \"mode\": \"%s\"}"
            .formatted(target, mode));
  }

  private static String reasoning(String visibility) {
    return "\"reasoning\": {\"visibility\": \"" + visibility + "\"},";
  }

  private List<SseStream.Frame> stream(String assistant) {
    var body =
        """
        {"assistant_id": "%s", "stream": true,
         "thread": {"messages": [{"role": "user", "content": "Is clause 5 binding?"}]}}"""
            .formatted(assistant);
    try (var stream = api.stream("/v1/threads/runs", body)) {
      return stream.rest();
    }
  }

  /** The run as the last event of a stream has it. */
  private static JsonNode run(List<SseStream.Frame> frames) {
    return frames.get(frames.size() - 2).json();
  }

  private List<SseStream.Frame> routed(JsonNode run) {
    var call = steps(run).get(0).at("/step_details/tool_calls/0");
    var path = "/v1/threads/%s/runs/%s/events";
    try (var stream =
        api.events(path.formatted(call.path("thread_id").asText(), call.path("run_id").asText()))) {
      return stream.rest();
    }
  }

  private List<SseStream.Frame> events(JsonNode run, String query, String lastEventId) {
    var caller = lastEventId == null ? api : api.with("Last-Event-ID", lastEventId);
    try (var stream = caller.events(path(run) + "/events" + query)) {
      return stream.rest();
    }
  }

  private List<JsonNode> steps(JsonNode run) {
    return list(api.get(path(run) + "/steps?order=asc").json());
  }

  private List<String> messages(JsonNode run) {
    var path = "/v1/threads/" + run.path("thread_id").asText() + "/messages?order=asc";
    return list(api.get(path).json()).stream()
        .map(message -> message.at("/content/0/text/value").asText())
        .toList();
  }

  private static List<JsonNode> list(JsonNode page) {
    return StreamSupport.stream(page.path("data").spliterator(), false).toList();
  }

  private static String concatenated(List<SseStream.Frame> frames, String pointer) {
    return frames.stream()
        .filter(frame -> frame.event().endsWith(".delta"))
        .map(frame -> frame.json().at(pointer).asText())
        .collect(Collectors.joining());
  }
}
