package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.errors.BadRequestException;
import com.openai.models.beta.threads.ThreadCreateAndRunParams;
import com.openai.models.beta.threads.messages.Message;
import com.openai.models.beta.threads.runs.Run;
import com.openai.models.beta.threads.runs.RunCreateParams;
import com.openai.models.beta.threads.runs.RunSubmitToolOutputsParams;
import com.openai.models.beta.threads.runs.steps.StepRetrieveParams;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** openai-java with runs that are polled. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkRunsTest {
  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  private Run create(String thread, RunCreateParams.Builder params) {
    return sdk.threads().runs().create(thread, params.build()).validate();
  }

  @Test
  void aRunGoesFromQueuedToCompletedAndLeavesAMessageAndAStep() {
    var assistant = sdk.assistant();
    var thread = sdk.thread("/say All is well.").id();

    var queued = create(thread, JavaSdk.runOf(assistant));
    var run = sdk.until(queued, "completed");

    assertThat(queued.status().asString()).isEqualTo("queued");
    assertThat(run.usage().orElseThrow().validate().totalTokens()).isPositive();
    assertThat(run.completedAt()).isPresent();
    assertThat(sdk.lastText(thread)).isEqualTo("All is well.");
    var message = sdk.messages(thread).getLast();
    assertThat(message.status()).isEqualTo(Message.Status.COMPLETED);
    assertThat(message.runId()).contains(run.id());
    assertThat(message.assistantId()).contains(assistant.id());
    var steps = sdk.steps(run);
    assertThat(steps).hasSize(1);
    var retrieve = StepRetrieveParams.builder().threadId(thread).runId(run.id()).build();
    assertThat(sdk.threads().runs().steps().retrieve(steps.getFirst().id(), retrieve).validate())
        .isEqualTo(steps.getFirst());
  }

  @Test
  void runsAreListedNewestFirst() {
    var assistant = sdk.assistant();
    var thread = sdk.thread("/say x").id();
    var first = sdk.until(create(thread, JavaSdk.runOf(assistant)), "completed");
    var second = sdk.until(create(thread, JavaSdk.runOf(assistant)), "completed");

    var listed = sdk.threads().runs().list(thread).autoPager().stream().map(Run::validate).toList();

    assertThat(listed).containsExactly(second, first);
  }

  @Test
  void threadAndRunAreCreatedInOne() {
    var message =
        ThreadCreateAndRunParams.Thread.Message.builder()
            .role(ThreadCreateAndRunParams.Thread.Message.Role.USER)
            .content("/say both")
            .build();

    var run =
        sdk.threads()
            .createAndRun(
                ThreadCreateAndRunParams.builder()
                    .assistantId(sdk.assistant().id())
                    .thread(ThreadCreateAndRunParams.Thread.builder().addMessage(message).build())
                    .build())
            .validate();

    sdk.until(run, "completed");
    assertThat(sdk.lastText(run.threadId())).isEqualTo("both");
  }

  @Test
  void theResultsOfParallelCallsLetTheRunGoOn() {
    var waiting = sdk.waitingRun();
    assertThat(JavaSdk.calls(waiting).stream().map(call -> call.validate().function().name()))
        .containsExactly("get_weather", "get_time");

    var queued = sdk.threads().runs().submitToolOutputs(waiting.id(), JavaSdk.outputs(waiting));
    var run = sdk.until(queued.validate(), "completed");

    assertThat(queued.requiredAction()).isEmpty();
    assertThat(sdk.lastText(run.threadId())).contains("rain", "noon");
    var calls = sdk.steps(run).getFirst().stepDetails().asToolCalls().validate().toolCalls();
    assertThat(calls.stream().map(call -> call.asFunction().function().output().orElseThrow()))
        .containsExactly("rain", "noon");
  }

  @Test
  void outputsOfOnlyOneOfTwoCallsAreRejected() {
    var waiting = sdk.waitingRun();
    var half =
        RunSubmitToolOutputsParams.builder()
            .threadId(waiting.threadId())
            .addToolOutput(JavaSdk.output(JavaSdk.calls(waiting).getFirst()))
            .build();

    assertThatThrownBy(() -> sdk.threads().runs().submitToolOutputs(waiting.id(), half))
        .isInstanceOfSatisfying(
            BadRequestException.class,
            refused -> assertThat(refused.type()).contains("invalid_request_error"));

    assertThat(sdk.retrieve(waiting)).isEqualTo(waiting);
    sdk.threads().runs().submitToolOutputs(waiting.id(), JavaSdk.outputs(waiting));
    sdk.until(waiting, "completed");
  }

  @Test
  void aWaitingRunIsCancelledAndItsThreadGoesOn() {
    var waiting = sdk.waitingRun();

    var cancelling = sdk.cancel(waiting);
    var cancelled = sdk.until(waiting, "cancelled");
    sdk.say(waiting.threadId(), "/say Go on.");
    var next =
        create(waiting.threadId(), RunCreateParams.builder().assistantId(waiting.assistantId()));

    assertThat(cancelling.status().asString()).isEqualTo("cancelling");
    assertThat(cancelled.cancelledAt()).isPresent();
    assertThat(sdk.steps(cancelled).getFirst().status().asString()).isEqualTo("cancelled");
    sdk.until(next, "completed");
    assertThat(sdk.lastText(waiting.threadId())).isEqualTo("Go on.");
  }

  @Test
  void aModelThatFailsFailsTheRun() {
    var thread = sdk.thread("/fail rate_limited").id();

    var run = sdk.until(create(thread, JavaSdk.runOf(sdk.assistant())), "failed");

    assertThat(run.lastError().orElseThrow().validate().code())
        .isEqualTo(Run.LastError.Code.RATE_LIMIT_EXCEEDED);
  }

  @Test
  void aRunWithoutTokensLeftIsIncomplete() {
    var thread = sdk.thread("/long 2000").id();

    var run =
        sdk.until(
            create(thread, JavaSdk.runOf(sdk.assistant()).maxCompletionTokens(256)), "incomplete");

    assertThat(run.incompleteDetails().orElseThrow().validate().reason())
        .contains(Run.IncompleteDetails.Reason.MAX_COMPLETION_TOKENS);
    var message = sdk.messages(thread).getLast();
    assertThat(message.incompleteDetails().orElseThrow().validate().reason())
        .isEqualTo(Message.IncompleteDetails.Reason.MAX_TOKENS);
  }
}
