package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import io.a2a.client.http.A2ACardResolver;
import io.a2a.client.http.JdkA2AHttpClient;
import io.a2a.client.transport.jsonrpc.JSONRPCTransport;
import io.a2a.client.transport.spi.interceptors.ClientCallContext;
import io.a2a.spec.A2AClientException;
import io.a2a.spec.AgentCard;
import io.a2a.spec.Artifact;
import io.a2a.spec.DataPart;
import io.a2a.spec.Message;
import io.a2a.spec.MessageSendParams;
import io.a2a.spec.Part;
import io.a2a.spec.StreamingEventKind;
import io.a2a.spec.Task;
import io.a2a.spec.TaskArtifactUpdateEvent;
import io.a2a.spec.TaskIdParams;
import io.a2a.spec.TaskQueryParams;
import io.a2a.spec.TaskState;
import io.a2a.spec.TaskStatusUpdateEvent;
import io.a2a.spec.TextPart;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An assistant as an A2A agent, through the protocol's Java SDK (version 0.3) over HTTP. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aJavaSdkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String key = ApiClient.strangersKey();
  private final ApiClient api = ApiClient.withKey(key);
  private final ClientCallContext context =
      new ClientCallContext(Map.of(), Map.of("Authorization", "Bearer " + key));
  private final List<StreamingEventKind> events = new CopyOnWriteArrayList<>();

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  @Test
  void theCardSaysHowToReachTheAgent() throws Exception {
    var agent = agent("");
    var card = card(agent);

    assertThat(card.name()).isEqualTo("Helper");
    assertThat(card.url()).isEqualTo(ApiClient.base() + "/v1/a2a/" + agent);
    assertThat(card.capabilities().streaming()).isTrue();
    assertThat(card.capabilities().pushNotifications()).isFalse();
    assertThat(card.skills()).hasSize(1);
    assertThat(card.securitySchemes()).containsKey("bearer");
  }

  @Test
  void aMessageIsAnsweredByATaskWhoseContextCanBeContinued() throws Exception {
    // Given
    provider.reply(Reply.text("Good morning."), Reply.text("Good night."));
    var client = client(agent(""));

    // When
    var first = (Task) client.sendMessage(said("Hello", null, null), context);
    var second = (Task) client.sendMessage(said("And?", first.getContextId(), null), context);
    var queried = client.getTask(new TaskQueryParams(second.getId(), 10), context);

    // Then
    assertThat(first.getStatus().state()).isEqualTo(TaskState.COMPLETED);
    assertThat(text(first.getArtifacts())).isEqualTo("Good morning.");
    assertThat(second.getContextId()).isEqualTo(first.getContextId());
    assertThat(second.getId()).isNotEqualTo(first.getId());
    assertThat(text(queried.getArtifacts())).isEqualTo("Good night.");
    assertThat(queried.getHistory()).hasSize(4);
    assertThat(queried.getHistory().getFirst().getRole()).isEqualTo(Message.Role.USER);
    assertThat(provider.lastRequest().body().path("messages").findValuesAsText("content"))
        .contains("Hello", "Good morning.", "And?");
  }

  @Test
  void aStreamHasTheTaskItsStatusesAndPartsOfItsAnswer() throws Exception {
    // Given
    provider.reply(Reply.text("One two three"));
    var client = client(agent(""));

    // When
    client.sendMessageStreaming(said("Count", null, null), events::add, _ -> {}, context);
    await().atMost(PATIENCE).until(this::isFinal);

    // Then
    assertThat(events.getFirst()).isInstanceOf(Task.class);
    assertThat(streamed()).isEqualTo("One two three");
    assertThat(last().getStatus().state()).isEqualTo(TaskState.COMPLETED);
    var artifacts =
        events.stream()
            .filter(TaskArtifactUpdateEvent.class::isInstance)
            .map(TaskArtifactUpdateEvent.class::cast)
            .toList();
    assertThat(artifacts.getFirst().isAppend()).isFalse();
    assertThat(artifacts.getLast().isLastChunk()).isTrue();
  }

  @Test
  void aTaskCanBeSubscribedToAgain() throws Exception {
    // Given
    var gate = new ReplyGate();
    provider.reply(Reply.text("One two three").withGate(gate));
    var client = client(agent(""));
    client.sendMessageStreaming(said("Count", null, null), _ -> {}, _ -> {}, context);
    await().atMost(PATIENCE).until(() -> gate.waiting() > 0);
    var task = onlyTask();

    // When
    client.resubscribe(new TaskIdParams(task), events::add, _ -> {}, context);
    await().atMost(PATIENCE).until(() -> !events.isEmpty());
    gate.open();
    await().atMost(PATIENCE).until(this::isFinal);

    // Then
    assertThat(((Task) events.getFirst()).getId()).isEqualTo(task);
    assertThat(streamed()).isEqualTo("One two three");
  }

  @Test
  void aTaskThatNeedsInputSaysWhatItWaitsForAndContinues() throws Exception {
    // Given
    provider.reply(Reply.call("get_weather", "{\"city\": \"Rome\"}"), Reply.text("It is sunny."));
    var client =
        client(
            agent(
                "\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}],"));

    // When
    var waiting = (Task) client.sendMessage(said("Weather?", null, null), context);
    var done =
        (Task) client.sendMessage(said("sunny", waiting.getContextId(), waiting.getId()), context);

    // Then
    assertThat(waiting.getStatus().state()).isEqualTo(TaskState.INPUT_REQUIRED);
    var data = (DataPart) waiting.getStatus().message().getParts().get(1);
    assertThat(data.getData().toString()).contains("get_weather", "Rome");
    assertThat(done.getId()).isEqualTo(waiting.getId());
    assertThat(done.getStatus().state()).isEqualTo(TaskState.COMPLETED);
    assertThat(text(done.getArtifacts())).isEqualTo("It is sunny.");
    assertThat(provider.lastRequest().body().path("messages").findValuesAsText("content"))
        .contains("sunny");
  }

  @Test
  void aTaskCanBeCancelledOnce() throws Exception {
    // Given
    provider.reply(Reply.hang());
    var client = client(agent(""));
    client.sendMessageStreaming(said("Wait", null, null), events::add, _ -> {}, context);
    await().atMost(PATIENCE).until(() -> !provider.requests().isEmpty());
    var task = onlyTask();

    // When
    client.cancelTask(new TaskIdParams(task), context);
    await().atMost(PATIENCE).until(this::isFinal);

    // Then
    assertThat(last().getStatus().state()).isEqualTo(TaskState.CANCELED);
    assertThat(client.getTask(new TaskQueryParams(task), context).getStatus().state())
        .isEqualTo(TaskState.CANCELED);
    provider.reply(Reply.text("Done."));
    var ended = (Task) client.sendMessage(said("Again", null, null), context);
    assertThatThrownBy(() -> client.cancelTask(new TaskIdParams(ended.getId()), context))
        .isInstanceOf(A2AClientException.class)
        .rootCause()
        .hasMessageContaining("cancel");
  }

  @Test
  void aRunThatFailsIsAFailedTaskWithTheReason() throws Exception {
    provider.reply(Reply.error(401, "invalid_api_key", "No."));

    var task = (Task) client(agent("")).sendMessage(said("Hello", null, null), context);

    assertThat(task.getStatus().state()).isEqualTo(TaskState.FAILED);
    assertThat(task.getStatus().message().getParts()).isNotEmpty();
  }

  private String agent(String more) {
    var created =
        api.post(
            "/v1/assistants",
            "{\"model\": \"gpt-4o\", \"name\": \"Helper\", %s \"exposure\": {\"a2a\": true}}"
                .formatted(more));
    assertThat(created.status()).describedAs(created.text()).isEqualTo(200);
    return created.id();
  }

  private AgentCard card(String agent) throws Exception {
    return new A2ACardResolver(
            new JdkA2AHttpClient(),
            ApiClient.base(),
            "/v1/a2a/" + agent + "/.well-known/agent-card.json",
            Map.of("Authorization", "Bearer " + key))
        .getAgentCard();
  }

  private JSONRPCTransport client(String agent) throws Exception {
    return new JSONRPCTransport(card(agent));
  }

  private static MessageSendParams said(String text, String contextId, String taskId) {
    var message =
        new Message.Builder()
            .role(Message.Role.USER)
            .parts(new TextPart(text))
            .messageId(UUID.randomUUID().toString())
            .contextId(contextId)
            .taskId(taskId)
            .build();
    return new MessageSendParams(message, null, null);
  }

  /** The id of the only task, made of its thread and run. */
  private String onlyTask() {
    var thread = api.get("/v1/threads").json().at("/data/0/id").asText();
    return thread
        + "."
        + api.get("/v1/threads/" + thread + "/runs").json().at("/data/0/id").asText();
  }

  private boolean isFinal() {
    return !events.isEmpty()
        && events.getLast() instanceof TaskStatusUpdateEvent update
        && update.isFinal();
  }

  private TaskStatusUpdateEvent last() {
    return (TaskStatusUpdateEvent) events.getLast();
  }

  private String streamed() {
    var text = new StringBuilder();
    for (var event : events) {
      if (event instanceof TaskArtifactUpdateEvent update) {
        text.append(text(List.of(update.getArtifact())));
      }
    }
    return text.toString();
  }

  private static String text(List<Artifact> artifacts) {
    var text = new StringBuilder();
    for (var artifact : artifacts) {
      for (Part<?> part : artifact.parts()) {
        text.append(((TextPart) part).getText());
      }
    }
    return text.toString();
  }
}
