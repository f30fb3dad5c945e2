package dev.threadmill.testing;

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
import io.a2a.spec.NonStreamingJSONRPCRequest;
import io.a2a.spec.SendMessageRequest;
import io.a2a.spec.SendMessageResponse;
import io.a2a.spec.Task;
import io.a2a.spec.TaskState;
import io.a2a.spec.TaskStatus;
import io.a2a.spec.TextPart;
import io.a2a.util.Utils;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An agent of A2A 0.3 that reads and writes with the types of the protocol's Java SDK. It takes a
 * message once, by its id, and works on a task until it is told to end it.
 */
public final class A2aPeer implements AutoCloseable {
  private final Receiver receiver = Receiver.start();
  private final Map<String, Task> tasks = new ConcurrentHashMap<>();
  private final List<Message> messages = new CopyOnWriteArrayList<>();

  public A2aPeer() {
    receiver.on("/agent/.well-known/agent-card.json", (exchange, _) -> write(exchange, card()));
    receiver.on("/agent/rpc", (exchange, call) -> write(exchange, answer(call.body())));
  }

  /** Where its card is. */
  public String url() {
    return receiver.url("/agent");
  }

  /** All requests as they came. */
  public List<Receiver.Call> calls() {
    return receiver.calls();
  }

  /** The messages that it took. */
  public List<Message> messages() {
    return List.copyOf(messages);
  }

  public TaskState state() {
    return tasks.values().iterator().next().getStatus().state();
  }

  /** Ends all its tasks so. */
  public void end(TaskState state, String text) {
    tasks.replaceAll(
        (_, task) ->
            new Task.Builder(task)
                .status(new TaskStatus(state))
                .artifacts(
                    List.of(
                        new Artifact.Builder().artifactId("a").parts(new TextPart(text)).build()))
                .build());
  }

  private AgentCard card() {
    return new AgentCard.Builder()
        .name("peer")
        .description("A peer")
        .version("1")
        .protocolVersion("0.3.0")
        .url(receiver.url("/agent/rpc"))
        .capabilities(new AgentCapabilities(false, false, false, List.of()))
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
    Receiver.reply(
        exchange, 200, "application/json", Utils.OBJECT_MAPPER.writeValueAsString(answer));
  }

  @Override
  public void close() {
    receiver.close();
  }
}
