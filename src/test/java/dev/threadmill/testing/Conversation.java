package dev.threadmill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.awaitility.Awaitility;

/** An assistant and a thread, used over HTTP. */
public final class Conversation {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(20);
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ApiClient caller;
  private final String assistant;
  private final String thread;

  private Conversation(ApiClient caller, String assistant, String thread) {
    this.caller = caller;
    this.assistant = assistant;
    this.thread = thread;
  }

  /**
   * Creates a thread with one user message, and an assistant of this model with functions of these
   * names.
   */
  public static Conversation of(ApiClient caller, String model, String text, String... functions) {
    var body = JSON.objectNode().put("model", model);
    for (var name : functions) {
      body.withArray("tools")
          .addObject()
          .put("type", "function")
          .putObject("function")
          .put("name", name);
    }
    var assistant = caller.post("/v1/assistants", body.toString());
    assertThat(assistant.status()).as(assistant.text()).isEqualTo(200);
    var thread = caller.post("/v1/threads", null);
    var conversation = new Conversation(caller, assistant.id(), thread.id());
    var added = conversation.say(text);
    assertThat(added.status()).as(added.text()).isEqualTo(200);
    return conversation;
  }

  public String thread() {
    return thread;
  }

  public String assistant() {
    return assistant;
  }

  /** The path of the thread. */
  public String path() {
    return "/v1/threads/" + thread;
  }

  public String path(JsonNode run) {
    return path() + "/runs/" + run.path("id").asText();
  }

  /** Adds a user message. */
  public ApiClient.Response say(String text) {
    return caller.post(
        path() + "/messages",
        JSON.objectNode().put("role", "user").put("content", text).toString());
  }

  /** The body of a request that runs the assistant. */
  public ObjectNode body() {
    return JSON.objectNode().put("assistant_id", assistant);
  }

  public ApiClient.Response run(ObjectNode body) {
    return caller.post(path() + "/runs", body.toString());
  }

  /** Creates a run; fails if it is not accepted. */
  public JsonNode run() {
    var created = run(body());
    assertThat(created.status()).as(created.text()).isEqualTo(200);
    return created.json();
  }

  /** Creates a run as a stream. */
  public SseStream stream() {
    return caller.stream(path() + "/runs", body().put("stream", true).toString());
  }

  public JsonNode get(JsonNode run) {
    return caller.get(path(run)).json();
  }

  public ApiClient.Response cancel(JsonNode run) {
    return caller.post(path(run) + "/cancel", null);
  }

  /** Waits until the run has one of these statuses, and returns it. */
  public JsonNode until(JsonNode run, String... statuses) {
    var wanted = Set.of(statuses);
    return Awaitility.await()
        .atMost(LONG_ENOUGH)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> get(run), now -> wanted.contains(now.path("status").asText()));
  }

  /** The ids of the pending calls of a run. */
  public static List<String> calls(JsonNode run) {
    return run.at("/required_action/submit_tool_outputs/tool_calls").findValuesAsText("id");
  }

  /** A body that submits outputs; the output of each call is its id. */
  public static ObjectNode outputs(List<String> calls) {
    var body = JSON.objectNode();
    var outputs = body.putArray("tool_outputs");
    calls.forEach(call -> outputs.addObject().put("tool_call_id", call).put("output", call));
    return body;
  }

  public ApiClient.Response submit(JsonNode run, ObjectNode body) {
    return caller.post(path(run) + "/submit_tool_outputs", body.toString());
  }

  /** The steps of a run, oldest first. */
  public JsonNode steps(JsonNode run) {
    return caller.get(path(run) + "/steps?order=asc").json().path("data");
  }

  /** The messages of the thread, oldest first. */
  public JsonNode messages() {
    return caller.get(path() + "/messages?order=asc&limit=100").json().path("data");
  }

  public JsonNode lastMessage() {
    var messages = messages();
    return messages.get(messages.size() - 1);
  }

  public static String text(JsonNode message) {
    return String.join("", message.path("content").findValuesAsText("value"));
  }
}
