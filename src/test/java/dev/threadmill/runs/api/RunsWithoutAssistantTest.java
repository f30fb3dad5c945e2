package dev.threadmill.runs.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.runs.api.RunClient.CreationHook;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs that have no assistant: they carry their model, instructions and tools themselves. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RunsWithoutAssistantTest {
  private static final ProjectId PROJECT = new ProjectId("proj_default");

  private final ApiClient user = ApiClient.user();
  private final String model = "alone-" + UUID.randomUUID();
  FakeProvider provider;
  @Inject RunClient runs;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  private static CreateMessage message(String text) {
    return new CreateMessage(
        CreateMessage.Role.USER, List.of(ContentPart.text(text)), null, null, null);
  }

  private static CreateThread thread(String text) {
    return new CreateThread(List.of(message(text)), null, null, null);
  }

  private RunOverrides.Builder settings() {
    return RunOverrides.builder().model(model).instructions("Be brief.", null);
  }

  private JsonNode lastPrompt() {
    return provider.requests().stream()
        .filter(request -> request.model().equals(model))
        .reduce((_, last) -> last)
        .orElseThrow()
        .body()
        .path("messages");
  }

  private JsonNode get(RunSnapshot run, String more) {
    var answer = user.get("/v1/threads/%s/runs/%s%s".formatted(run.thread(), run.id(), more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  @Test
  void aRunWithoutAssistantAnswersWithItsOwnModelAndInstructions() throws Exception {
    provider.replyTo(model, Reply.text("Hello."));

    var run =
        runs.startWithThread(
                PROJECT,
                thread("Hi"),
                RunSpec.withoutAssistant(settings().build()),
                CreationHook.NONE)
            .await();

    assertThat(run.status()).isEqualTo(RunState.COMPLETED);
    assertThat(run.assistant()).isNull();
    var shown = get(run, "");
    assertThat(shown.path("assistant_id").isNull()).isTrue();
    assertThat(shown.path("model").asText()).isEqualTo(model);
    assertThat(shown.path("instructions").asText()).isEqualTo("Be brief.");
    assertThat(get(run, "/steps").at("/data/0/assistant_id").isNull()).isTrue();
    assertThat(get(run, "/tree").path("assistant_id").isNull()).isTrue();
    var messages = user.get("/v1/threads/" + run.thread() + "/messages").json();
    assertThat(messages.at("/data/0/content/0/text/value").asText()).isEqualTo("Hello.");
    assertThat(messages.at("/data/0/assistant_id").isNull()).isTrue();
    var prompt = lastPrompt();
    assertThat(prompt.at("/0/content").asText()).isEqualTo("Be brief.");
    assertThat(prompt.at("/1/content").asText()).isEqualTo("Hi");
  }

  @Test
  void theNextRunOfItsThreadSeesWhatTheFirstOneSaid() throws Exception {
    provider.replyTo(model, Reply.text("Hello."), Reply.text("Still here."));
    var spec = RunSpec.withoutAssistant(settings().build());
    var first = runs.startWithThread(PROJECT, thread("Hi"), spec, CreationHook.NONE).await();

    var second =
        runs.start(
                PROJECT,
                first.thread(),
                spec.withMessages(List.of(message("And now?"))),
                CreationHook.NONE)
            .await();

    assertThat(second.status()).isEqualTo(RunState.COMPLETED);
    assertThat(lastPrompt())
        .extracting(message -> message.path("content").asText())
        .containsExactly("Be brief.", "Hi", "Hello.", "And now?");
  }

  @Test
  void aRunWithoutAssistantCallsToolsOfItsOwn() throws Exception {
    provider.replyTo(model, Reply.call("get_weather", "{}"), Reply.text("Rain."));
    var weather =
        Json.read(
            "{\"type\": \"function\", \"function\": {\"name\": \"get_weather\"}}", ToolSpec.class);
    var spec = RunSpec.withoutAssistant(settings().tools(List.of(weather)).build());
    var waiting = runs.startWithThread(PROJECT, thread("Hi"), spec, CreationHook.NONE).await();
    assertThat(waiting.status()).isEqualTo(RunState.REQUIRES_ACTION);

    var call = waiting.pendingCalls().getFirst();
    var done =
        runs.submit(PROJECT, waiting.thread(), waiting.id(), Map.of(call.id(), "wet")).await();

    assertThat(done.status()).isEqualTo(RunState.COMPLETED);
    assertThat(get(done, "/steps?order=asc").at("/data/0/assistant_id").isNull()).isTrue();
    assertThat(
            get(done, "/steps?order=asc")
                .at("/data/0/step_details/tool_calls/0/function/output")
                .asText())
        .isEqualTo("wet");
  }

  @Test
  void aRunWithoutAssistantHasToNameItsModel() {
    var spec = RunSpec.withoutAssistant(RunOverrides.NONE);

    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> runs.startWithThread(PROJECT, thread("Hi"), spec, CreationHook.NONE))
        .satisfies(
            refused -> {
              assertThat(refused.httpStatus()).isEqualTo(400);
              assertThat(refused.error().param()).isEqualTo("model");
            });
  }

  @Test
  void theAssistantsApiStillRequiresAnAssistant() {
    var thread = user.post("/v1/threads", null).id();

    var refused = user.post("/v1/threads/" + thread + "/runs", "{\"model\": \"rehearsal\"}");

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("assistant_id");
  }
}
