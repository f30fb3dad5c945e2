package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Starts runs of assistants with tools, and waits for their results. */
public final class ToolRuns {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> MOVING = Set.of("queued", "in_progress", "cancelling");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final ApiClient api;

  public ToolRuns(ApiClient api) {
    this.api = api;
  }

  /** The path of a run. */
  public static String path(JsonNode run) {
    return "/v1/threads/" + run.path("thread_id").asText() + "/runs/" + run.path("id").asText();
  }

  /** A run on a new thread whose message has a file for these tools, once it has stopped. */
  public Stopped runWithFile(String assistant, String file, String... tools) {
    var named = new ArrayList<String>();
    for (var tool : tools) {
      named.add("{\"type\": \"%s\"}".formatted(tool));
    }
    var thread =
        api.post(
                "/v1/threads",
                """
                {"messages": [{"role": "user", "content": "Go", "attachments": [
                  {"file_id": "%s", "tools": [%s]}]}]}"""
                    .formatted(file, String.join(", ", named)))
            .id();
    return stopped(
        api.post(
                "/v1/threads/" + thread + "/runs",
                "{\"assistant_id\": \"%s\"}".formatted(assistant))
            .json());
  }

  /** A run that has ended or waits for its client. */
  public record Stopped(JsonNode run, List<JsonNode> steps) {
    /** The path of the run. */
    public String path() {
      return ToolRuns.path(run);
    }

    public String status() {
      return run.path("status").asText();
    }

    /** The tool calls of all steps in their order. */
    public List<JsonNode> calls() {
      var calls = new ArrayList<JsonNode>();
      for (var step : steps) {
        step.path("step_details").path("tool_calls").forEach(calls::add);
      }
      return calls;
    }

    /** The output of the call at this index. */
    public String output(int call) {
      return calls().get(call).path("function").path("output").asText();
    }

    /** The ids of the pending calls. */
    public List<String> open() {
      var ids = new ArrayList<String>();
      run.at("/required_action/submit_tool_outputs/tool_calls")
          .forEach(call -> ids.add(call.path("id").asText()));
      return ids;
    }
  }

  /** Creates an assistant with these tools, given as JSON. */
  public String assistant(String model, String more, String... tools) {
    var created =
        api.post(
            "/v1/assistants",
            "{\"model\": \"%s\", %s \"tools\": [%s]}"
                .formatted(model, more, String.join(",", tools)));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    return created.id();
  }

  /** Starts a run on a new thread. */
  public JsonNode start(String assistant, String text) {
    var body = JSON.createObjectNode().put("assistant_id", assistant);
    body.putObject("thread")
        .putArray("messages")
        .addObject()
        .put("role", "user")
        .put("content", text);
    var created = api.post("/v1/threads/runs", body.toString());
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    return created.json();
  }

  /** Waits until the run has ended or waits for its client. */
  public Stopped stopped(JsonNode run) {
    var path = path(run);
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> !MOVING.contains(api.get(path).json().path("status").asText()));
    var steps = new ArrayList<JsonNode>();
    api.get(path + "/steps?order=asc&limit=100").json().path("data").forEach(steps::add);
    return new Stopped(api.get(path).json(), steps);
  }

  /** Starts a run on a new thread and waits until it has ended or waits for its client. */
  public Stopped run(String assistant, String text) {
    return stopped(start(assistant, text));
  }

  /** Submits the same output for all pending calls, and waits again. */
  public Stopped submit(Stopped waiting, String output) {
    var body = JSON.createObjectNode();
    var outputs = body.putArray("tool_outputs");
    waiting.open().forEach(id -> outputs.addObject().put("tool_call_id", id).put("output", output));
    var answer = api.post(waiting.path() + "/submit_tool_outputs", body.toString());
    assertThat(answer.status()).describedAs(answer.text()).isEqualTo(200);
    return stopped(waiting.run());
  }

  /** The text of the assistant's last message. */
  public String lastText(Stopped run) {
    return api.get("/v1/threads/" + run.run().path("thread_id").asText() + "/messages?limit=1")
        .json()
        .at("/data/0/content/0/text/value")
        .asText();
  }
}
