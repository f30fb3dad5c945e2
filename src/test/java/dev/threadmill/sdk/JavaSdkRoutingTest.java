package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.models.beta.assistants.Assistant;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.threads.ThreadCreateParams;
import com.openai.models.beta.threads.runs.RunCreateParams;
import com.openai.models.beta.threads.runs.steps.StepListParams;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** openai-java with its default validation and calls of a type that it does not know. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkRoutingTest {
  private final SdkCaller caller = SdkCaller.ofNewProject();
  private final OpenAIClient client =
      OpenAIOkHttpClient.builder()
          .baseUrl(caller.baseUrl() + "/v1")
          .apiKey(caller.apiKey())
          .build();

  private Assistant assistant(AssistantCreateParams.Builder params) {
    return client.beta().assistants().create(params.model("rehearsal").build());
  }

  @Test
  void aRunThatAsksAnotherAssistantIsStreamedAndItsStepsAreRead() {
    var helper = assistant(AssistantCreateParams.builder().name("Helper"));
    var desk =
        assistant(
            AssistantCreateParams.builder()
                .putAdditionalBodyProperty(
                    "tools",
                    JsonValue.from(
                        List.of(
                            Map.of("type", "agent_routing", "targets", List.of(helper.id()))))));
    var threads = client.beta().threads();
    var thread =
        threads
            .create(
                ThreadCreateParams.builder()
                    .addMessage(
                        ThreadCreateParams.Message.builder()
                            .role(ThreadCreateParams.Message.Role.USER)
                            .content("call route_to_helper {\"message\": \"/say yes\"}")
                            .build())
                    .build())
            .id();

    var events =
        JavaSdk.unchecked(
            threads
                .runs()
                .createStreaming(thread, RunCreateParams.builder().assistantId(desk.id()).build()));

    assertThat(JavaSdk.names(events)).endsWith("thread.run.completed");
    var run = events.getLast().data().path("id").asText();
    var steps =
        threads
            .runs()
            .steps()
            .list(
                run,
                StepListParams.builder().threadId(thread).order(StepListParams.Order.ASC).build())
            .data();
    var call = steps.getFirst().stepDetails().asToolCalls().toolCalls().getFirst();
    assertThat(call._json()).isPresent();
    assertThat(call._json().get().toString())
        .contains("agent_routing", helper.id(), "run_id", "yes");
    assertThat(events.toString()).contains("target_assistant_id");
  }
}
