package dev.threadmill.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import io.a2a.spec.AgentCapabilities;
import io.a2a.spec.AgentCard;
import io.a2a.spec.AgentSkill;
import io.a2a.spec.Artifact;
import io.a2a.spec.CancelTaskRequest;
import io.a2a.spec.CancelTaskResponse;
import io.a2a.spec.GetTaskRequest;
import io.a2a.spec.GetTaskResponse;
import io.a2a.spec.Message;
import io.a2a.spec.MessageSendParams;
import io.a2a.spec.NonStreamingJSONRPCRequest;
import io.a2a.spec.SendMessageRequest;
import io.a2a.spec.SendMessageResponse;
import io.a2a.spec.SendStreamingMessageResponse;
import io.a2a.spec.StreamingEventKind;
import io.a2a.spec.Task;
import io.a2a.spec.TaskArtifactUpdateEvent;
import io.a2a.spec.TaskState;
import io.a2a.spec.TaskStatus;
import io.a2a.spec.TaskStatusUpdateEvent;
import io.a2a.spec.TextPart;
import io.a2a.util.Utils;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An A2A 0.3 agent built on the types of the protocol's Java SDK. It accepts each message once, by
 * its id, and works on a task until the test ends it. A streaming agent begins each stream with the
 * current task.
 */
public final class A2aTestAgent implements AutoCloseable {
  private final RecordingServer receiver = RecordingServer.start();
  private final Map<String, Task> tasks = new ConcurrentHashMap<>();
  private final List<Message> messages = new CopyOnWriteArrayList<>();

  private final List<StreamingEventKind> events = new ArrayList<>();
  private final boolean streams;
  private int cuts;

  /** An agent that must be polled. */
  public A2aTestAgent() {
    this(false);
  }

  /** An agent that streams its tasks. */
  public static A2aTestAgent streaming() {
    return new A2aTestAgent(true);
  }

  private A2aTestAgent(boolean streams) {
    this.streams = streams;
    receiver.on("/agent/.well-known/agent-card.json", (exchange, _) -> write(exchange, card()));
    receiver.on("/agent/rpc", this::answer);
  }

  /** The address of its card. */
  public String url() {
    return receiver.url("/agent");
  }

  /** All received requests. */
  public List<RecordingServer.ReceivedRequest> calls() {
    return receiver.calls();
  }

  /** The accepted messages. */
  public List<Message> messages() {
    return List.copyOf(messages);
  }

  public TaskState state() {
    return tasks.values().iterator().next().getStatus().state();
  }

  /** The called methods in their order. */
  public List<String> methods() {
    return receiver.calls().stream()
        .filter(call -> call.method().equals("POST"))
        .map(call -> read(call.body()).path("method").asText())
        .toList();
  }

  /** Appends text to the artifact of its only task. */
  public void say(String text) {
    synchronized (events) {
      var task = tasks.values().iterator().next();
      boolean isFirst = task.getArtifacts() == null || task.getArtifacts().isEmpty();
      var before =
          isFirst ? "" : ((TextPart) task.getArtifacts().getFirst().parts().getFirst()).getText();
      tasks.put(
          task.getId(), new Task.Builder(task).artifacts(List.of(artifact(before + text))).build());
      events.add(
          new TaskArtifactUpdateEvent.Builder()
              .taskId(task.getId())
              .contextId(task.getContextId())
              .artifact(artifact(text))
              .append(!isFirst)
              .build());
      events.notifyAll();
    }
  }

  /** Completes its only task with the text so far. */
  public void finish() {
    synchronized (events) {
      var task = tasks.values().iterator().next();
      var status = new TaskStatus(TaskState.COMPLETED);
      tasks.put(task.getId(), new Task.Builder(task).status(status).build());
      events.add(
          new TaskStatusUpdateEvent.Builder()
              .taskId(task.getId())
              .contextId(task.getContextId())
              .status(status)
              .isFinal(true)
              .build());
      events.notifyAll();
    }
  }

  /** Closes all its streams in the middle. */
  public void cut() {
    synchronized (events) {
      cuts++;
      events.notifyAll();
    }
  }

  /** Answers every further question about a task with "not found". */
  public void forget() {
    synchronized (events) {
      tasks.clear();
    }
  }

  private static Artifact artifact(String text) {
    return new Artifact.Builder().artifactId("a").parts(new TextPart(text)).build();
  }

  /** Ends all its tasks in this state. */
  public void end(TaskState state, String text) {
    tasks.replaceAll(
        (_, task) ->
            new Task.Builder(task)
                .status(new TaskStatus(state))
                .artifacts(List.of(artifact(text)))
                .build());
  }

  private AgentCard card() {
    return new AgentCard.Builder()
        .name("peer")
        .description("A peer")
        .version("1")
        .protocolVersion("0.3.0")
        .url(receiver.url("/agent/rpc"))
        .capabilities(new AgentCapabilities(streams, false, false, List.of()))
        .defaultInputModes(List.of("text/plain"))
        .defaultOutputModes(List.of("text/plain"))
        .skills(
            List.of(
                new AgentSkill.Builder()
                    .id("s")
                    .name("s")
                    .description("s")
                    .tags(List.of("s"))
                    .build()))
        .build();
  }

  private void answer(HttpExchange exchange, RecordingServer.ReceivedRequest call)
      throws IOException {
    var request = read(call.body());
    var method = request.path("method").asText();
    if (streams && method.equals("message/stream")) {
      var sent = Utils.OBJECT_MAPPER.treeToValue(request.path("params"), MessageSendParams.class);
      stream(exchange, take(sent.message()).getId());
    } else if (streams && method.equals("tasks/resubscribe")) {
      stream(exchange, request.at("/params/id").asText());
    } else if (method.equals("tasks/get")
        && !tasks.containsKey(request.at("/params/id").asText())) {
      RecordingServer.reply(
          exchange,
          200,
          "application/json",
          """
          {"jsonrpc": "2.0", "id": "1", "error": {"code": -32001, "message": "Task not found"}}""");
    } else {
      write(exchange, answer(call.body()));
    }
  }

  private void stream(HttpExchange exchange, String id) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    int seen;
    int mine;
    StreamingEventKind next;
    synchronized (events) {
      seen = events.size();
      mine = cuts;
      next = tasks.get(id);
    }
    try {
      while (next != null) {
        var frame =
            Utils.OBJECT_MAPPER.writeValueAsString(new SendStreamingMessageResponse("1", next));
        exchange.getResponseBody().write(("data: " + frame + "\n\n").getBytes(UTF_8));
        exchange.getResponseBody().flush();
        next = next instanceof TaskStatusUpdateEvent ? null : following(seen++, mine);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The event at this index once it exists; null when the streams have been closed. */
  private StreamingEventKind following(int place, int cutsBefore) throws InterruptedException {
    synchronized (events) {
      while (events.size() <= place && cuts == cutsBefore) {
        events.wait();
      }
      return cuts == cutsBefore ? events.get(place) : null;
    }
  }

  private static JsonNode read(String body) {
    try {
      return Utils.OBJECT_MAPPER.readTree(body);
    } catch (IOException e) {
      throw new IllegalStateException(body, e);
    }
  }

  private Object answer(String body) throws IOException {
    return switch (Utils.OBJECT_MAPPER.readValue(body, NonStreamingJSONRPCRequest.class)) {
      case SendMessageRequest sent ->
          new SendMessageResponse(sent.getId(), take(sent.getParams().message()));
      case GetTaskRequest asked ->
          new GetTaskResponse(asked.getId(), tasks.get(asked.getParams().id()));
      case CancelTaskRequest asked -> {
        end(TaskState.CANCELED, "");
        yield new CancelTaskResponse(asked.getId(), tasks.get(asked.getParams().id()));
      }
      default -> throw new IOException("not expected: " + body);
    };
  }

  private Task take(Message message) {
    return tasks.computeIfAbsent(
        message.getMessageId(),
        id -> {
          messages.add(message);
          return new Task.Builder()
              .id(id)
              .contextId("context-1")
              .status(new TaskStatus(TaskState.WORKING))
              .build();
        });
  }

  private static void write(HttpExchange exchange, Object answer) throws IOException {
    RecordingServer.reply(
        exchange, 200, "application/json", Utils.OBJECT_MAPPER.writeValueAsString(answer));
  }

  @Override
  public void close() {
    cut();
    receiver.close();
  }
}
