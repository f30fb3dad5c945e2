package dev.threadmill.sdk;

import static dev.threadmill.sdk.EventNames.BEGIN;
import static dev.threadmill.sdk.EventNames.CALLS;
import static dev.threadmill.sdk.EventNames.MESSAGE;
import static dev.threadmill.sdk.EventNames.MESSAGE_BEGINS;
import static dev.threadmill.sdk.EventNames.RESUMED;
import static dev.threadmill.sdk.EventNames.concat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.errors.NotFoundException;
import com.openai.models.beta.assistants.AssistantStreamEvent;
import com.openai.models.beta.threads.ThreadCreateAndRunParams;
import com.openai.models.beta.threads.runs.Run;
import com.openai.models.beta.threads.runs.RunCreateParams;
import dev.threadmill.sdk.JavaSdk.Event;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** openai-java with runs that are streamed; every event is validated. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkStreamsTest {
  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  private List<Event> stream(String thread, RunCreateParams.Builder params) {
    return JavaSdk.all(sdk.threads().runs().createStreaming(thread, params.build()));
  }

  private static String text(List<Event> events) {
    return events.stream()
        .filter(each -> each.event().equals("thread.message.delta"))
        .map(each -> each.data().at("/delta/content/0/text/value").asText())
        .collect(Collectors.joining());
  }

  @Test
  void aStreamBringsEveryEventOfARunInOrder() {
    var thread = sdk.thread("/say One two three.").id();

    var events = stream(thread, JavaSdk.runOf(sdk.assistant()));

    assertThat(JavaSdk.names(events)).isEqualTo(concat(BEGIN, MESSAGE, "thread.run.completed"));
    assertThat(text(events)).isEqualTo("One two three.").isEqualTo(sdk.lastText(thread));
    assertThat(sdk.runOf(events).validate().status().asString()).isEqualTo("completed");
  }

  @Test
  void aStreamThatCreatesItsThreadBeginsWithIt() {
    var message =
        ThreadCreateAndRunParams.Thread.Message.builder()
            .role(ThreadCreateAndRunParams.Thread.Message.Role.USER)
            .content("/say new")
            .build();

    var events =
        JavaSdk.all(
            sdk.threads()
                .createAndRunStreaming(
                    ThreadCreateAndRunParams.builder()
                        .assistantId(sdk.assistant().id())
                        .thread(
                            ThreadCreateAndRunParams.Thread.builder().addMessage(message).build())
                        .build()));

    assertThat(JavaSdk.names(events))
        .isEqualTo(
            concat(concat(List.of("thread.created"), BEGIN), MESSAGE, "thread.run.completed"));
    assertThat(sdk.lastText(events.getFirst().data().path("id").asText())).isEqualTo("new");
  }

  @Test
  void reasoningAndCommentaryPassValidation() {
    var thread = sdk.thread("/think Hm, hm.\n/say Here it is.").id();
    var params =
        JavaSdk.runOf(sdk.assistantWithTools())
            .putAdditionalBodyProperty("visibility", com.openai.core.JsonValue.from("final"));

    var events = stream(thread, params);

    assertThat(JavaSdk.names(events))
        .isEqualTo(
            concat(
                concat(
                    BEGIN,
                    List.of(
                        "thread.run.step.created",
                        "thread.run.step.in_progress",
                        "thread.run.step.delta",
                        "thread.run.step.completed")),
                MESSAGE,
                "thread.run.completed"));
    assertThat(events.stream().map(each -> each.data().at("/delta/reasoning/text").asText("")))
        .contains("Hm, ", "hm.");
    assertThat(text(events)).isEqualTo("Here it is.").isEqualTo(sdk.lastText(thread));
    var run = sdk.runOf(events);
    assertThat(sdk.steps(run)).hasSize(2);
  }

  @Test
  void callsAndTheEventsAfterTheirResultsAreStreamed() {
    var thread = sdk.thread(JavaSdk.TWO_CALLS).id();

    var first = stream(thread, JavaSdk.runOf(sdk.assistantWithTools()));
    var waiting = sdk.runOf(first);
    var second =
        JavaSdk.all(
            sdk.threads()
                .runs()
                .submitToolOutputsStreaming(waiting.id(), JavaSdk.outputs(waiting)));

    assertThat(JavaSdk.names(first)).isEqualTo(concat(BEGIN, CALLS));
    assertThat(JavaSdk.names(second)).isEqualTo(concat(RESUMED, MESSAGE, "thread.run.completed"));
    assertThat(text(second)).contains("rain", "noon");
    assertThat(first.getLast().data().at("/required_action/submit_tool_outputs/tool_calls"))
        .hasSize(2);
  }

  @Test
  void aStreamThatIsCancelledEndsAsCancelled() {
    var thread = sdk.thread("/slow 25\n/long 2000").id();
    var events = new ArrayList<Event>();
    Run cancelling = null;

    try (var stream =
        sdk.threads().runs().createStreaming(thread, JavaSdk.runOf(sdk.assistant()).build())) {
      for (var event : (Iterable<AssistantStreamEvent>) stream.stream()::iterator) {
        events.add(Event.of(event));
        if (event.isThreadMessageDelta() && cancelling == null) {
          cancelling = sdk.cancel(event(events, thread));
        }
      }
    }

    assertThat(cancelling.status().asString()).isEqualTo("cancelling");
    assertThat(JavaSdk.names(events))
        .isEqualTo(
            concat(
                BEGIN,
                MESSAGE_BEGINS,
                "thread.run.cancelling",
                "thread.message.incomplete",
                "thread.run.step.cancelled",
                "thread.run.cancelled"));
    assertThat(text(events)).isEqualTo(sdk.lastText(thread));
  }

  private Run event(List<Event> events, String thread) {
    return sdk.threads()
        .runs()
        .retrieve(
            events.getFirst().data().path("id").asText(),
            com.openai.models.beta.threads.runs.RunRetrieveParams.builder()
                .threadId(thread)
                .build());
  }

  @Test
  void aRunThatFailsInTheMiddleClosesWhatIsOpen() {
    var thread = sdk.thread("/fail rate_limited 3\n/long 9").id();

    var events = stream(thread, JavaSdk.runOf(sdk.assistant()));

    assertThat(JavaSdk.names(events))
        .isEqualTo(
            concat(
                BEGIN,
                MESSAGE_BEGINS,
                "thread.message.incomplete",
                "thread.run.step.failed",
                "thread.run.failed"));
  }

  @Test
  void anIncompleteRunEndsItsStreamAsSuch() {
    var thread = sdk.thread("/long 2000").id();

    var events = stream(thread, JavaSdk.runOf(sdk.assistant()).maxCompletionTokens(256));

    assertThat(JavaSdk.names(events))
        .isEqualTo(
            concat(
                BEGIN,
                MESSAGE_BEGINS,
                "thread.message.incomplete",
                "thread.run.step.completed",
                "thread.run.incomplete"));
  }

  @Test
  void aReaderThatClosesItsStreamDoesNotStopTheRun() {
    var thread = sdk.thread("/slow 20\n/long 40").id();
    Run run = null;

    try (var stream =
        sdk.threads().runs().createStreaming(thread, JavaSdk.runOf(sdk.assistant()).build())) {
      var events = stream.stream().iterator();
      while (run == null) {
        var event = events.next();
        if (event.isThreadRunInProgress()) {
          run = event.asThreadRunInProgress().data();
        }
      }
    }

    sdk.until(run, "completed");
    assertThat(sdk.lastText(thread)).endsWith("word40");
  }

  @Test
  void aRejectedStreamThrowsAnError() {
    var thread = sdk.thread("x").id();
    var unknownAssistant =
        RunCreateParams.builder().assistantId("asst_0000000000000000000000000").build();

    assertThatThrownBy(() -> sdk.threads().runs().createStreaming(thread, unknownAssistant))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void theAsynchronousClientStreamsToo() throws Exception {
    var thread = sdk.thread("/say async").id();
    var events = new ConcurrentLinkedQueue<Event>();
    var params = JavaSdk.runOf(sdk.assistant()).build();

    sdk.client
        .async()
        .beta()
        .threads()
        .runs()
        .createStreaming(thread, params)
        .subscribe(event -> events.add(Event.of(event)))
        .onCompleteFuture()
        .get(20, TimeUnit.SECONDS);

    assertThat(JavaSdk.names(List.copyOf(events)))
        .isEqualTo(concat(BEGIN, MESSAGE, "thread.run.completed"));
  }
}
