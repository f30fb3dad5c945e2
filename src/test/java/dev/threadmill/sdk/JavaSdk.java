package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.ObjectMappers;
import com.openai.core.http.StreamResponse;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.beta.assistants.Assistant;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.assistants.AssistantStreamEvent;
import com.openai.models.beta.threads.Thread;
import com.openai.models.beta.threads.ThreadCreateParams;
import com.openai.models.beta.threads.messages.Message;
import com.openai.models.beta.threads.messages.MessageCreateParams;
import com.openai.models.beta.threads.messages.MessageListParams;
import com.openai.models.beta.threads.runs.RequiredActionFunctionToolCall;
import com.openai.models.beta.threads.runs.Run;
import com.openai.models.beta.threads.runs.RunCancelParams;
import com.openai.models.beta.threads.runs.RunCreateParams;
import com.openai.models.beta.threads.runs.RunRetrieveParams;
import com.openai.models.beta.threads.runs.RunSubmitToolOutputsParams;
import com.openai.models.beta.threads.runs.RunSubmitToolOutputsParams.ToolOutput;
import com.openai.models.beta.threads.runs.steps.RunStep;
import com.openai.models.beta.threads.runs.steps.StepListParams;
import com.openai.services.blocking.beta.ThreadService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/**
 * The official Java SDK against the server under test. The SDK validates every response: presence,
 * type and known values of each field.
 */
@SuppressWarnings("deprecation")
final class JavaSdk {
  /** The offline model, which follows commands in the user's text. */
  static final String MODEL = "rehearsal";

  static final String TWO_CALLS =
      "call get_weather {\"city\": \"Ulm\"} and call get_time {\"zone\": \"UTC\"}";

  final OpenAIClient client;

  private JavaSdk(OpenAIClient client) {
    this.client = client;
  }

  static JavaSdk connect() {
    return connect(SdkCaller.ofNewProject());
  }

  static JavaSdk connect(SdkCaller caller) {
    return new JavaSdk(
        OpenAIOkHttpClient.builder()
            .baseUrl(caller.baseUrl() + "/v1")
            .apiKey(caller.apiKey())
            .timeout(Duration.ofSeconds(30))
            .responseValidation(true)
            .build());
  }

  ThreadService threads() {
    return client.beta().threads();
  }

  Assistant assistant() {
    return client
        .beta()
        .assistants()
        .create(AssistantCreateParams.builder().model(MODEL).build())
        .validate();
  }

  Assistant assistantWithTools() {
    return client
        .beta()
        .assistants()
        .create(
            AssistantCreateParams.builder()
                .model(MODEL)
                .addFunctionTool(function("get_weather", "city"))
                .addFunctionTool(function("get_time", "zone"))
                .build())
        .validate();
  }

  static FunctionDefinition function(String name, String parameter) {
    return FunctionDefinition.builder()
        .name(name)
        .description("The %s tool".formatted(name))
        .parameters(
            FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                    "properties",
                    JsonValue.from(java.util.Map.of(parameter, java.util.Map.of("type", "string"))))
                .build())
        .build();
  }

  /** A thread with one user message. */
  Thread thread(String text) {
    return threads()
        .create(
            ThreadCreateParams.builder()
                .addMessage(
                    ThreadCreateParams.Message.builder()
                        .role(ThreadCreateParams.Message.Role.USER)
                        .content(text)
                        .build())
                .build())
        .validate();
  }

  Message say(String thread, String text) {
    return threads()
        .messages()
        .create(
            thread,
            MessageCreateParams.builder().role(MessageCreateParams.Role.USER).content(text).build())
        .validate();
  }

  static RunCreateParams.Builder runOf(Assistant assistant) {
    return RunCreateParams.builder().assistantId(assistant.id());
  }

  /** A run that waits for the results of two parallel calls. */
  Run waitingRun() {
    var thread = thread(TWO_CALLS);
    var run = threads().runs().create(thread.id(), runOf(assistantWithTools()).build());
    return until(run, "requires_action");
  }

  Run retrieve(Run run) {
    return threads()
        .runs()
        .retrieve(run.id(), RunRetrieveParams.builder().threadId(run.threadId()).build())
        .validate();
  }

  Run cancel(Run run) {
    return threads()
        .runs()
        .cancel(run.id(), RunCancelParams.builder().threadId(run.threadId()).build())
        .validate();
  }

  /** Waits until the run has this status, and returns it. */
  Run until(Run run, String status) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> retrieve(run), now -> now.status().asString().equals(status));
  }

  static List<RequiredActionFunctionToolCall> calls(Run run) {
    return run.requiredAction().orElseThrow().submitToolOutputs().toolCalls();
  }

  /** The results that every test submits for the pending calls of a run. */
  static RunSubmitToolOutputsParams outputs(Run run) {
    var params = RunSubmitToolOutputsParams.builder().threadId(run.threadId());
    for (var call : calls(run)) {
      params.addToolOutput(output(call));
    }
    // A test may want an empty list.
    return params.build();
  }

  static ToolOutput output(RequiredActionFunctionToolCall call) {
    return ToolOutput.builder()
        .toolCallId(call.id())
        .output(call.function().name().equals("get_weather") ? "rain" : "noon")
        .build();
  }

  List<Message> messages(String thread) {
    return threads()
        .messages()
        .list(
            thread,
            MessageListParams.builder().order(MessageListParams.Order.ASC).limit(100).build())
        .autoPager()
        .stream()
        .map(Message::validate)
        .toList();
  }

  String lastText(String thread) {
    return text(messages(thread).getLast());
  }

  static String text(Message message) {
    return message.content().stream()
        .map(part -> part.validate().text().map(text -> text.text().value()).orElse(""))
        .collect(Collectors.joining());
  }

  List<RunStep> steps(Run run) {
    return threads()
        .runs()
        .steps()
        .list(
            run.id(),
            StepListParams.builder()
                .threadId(run.threadId())
                .order(StepListParams.Order.ASC)
                .build())
        .autoPager()
        .stream()
        .map(RunStep::validate)
        .toList();
  }

  /**
   * A received event.
   *
   * @param event its name
   */
  record Event(String event, JsonNode data) {
    static Event of(AssistantStreamEvent event) {
      assertThat(event.validate().isValid()).isTrue();
      var json = ObjectMappers.jsonMapper().<JsonNode>valueToTree(event);
      return new Event(json.path("event").asText(), json.path("data"));
    }
  }

  /** All events of a stream, without validation. */
  static List<Event> unchecked(StreamResponse<AssistantStreamEvent> stream) {
    try (stream) {
      return stream.stream()
          .map(event -> ObjectMappers.jsonMapper().<JsonNode>valueToTree(event))
          .map(json -> new Event(json.path("event").asText(), json.path("data")))
          .toList();
    }
  }

  /** All events of a stream, each validated, until the server ends it. */
  static List<Event> all(StreamResponse<AssistantStreamEvent> stream) {
    try (stream) {
      return stream.stream().map(Event::of).toList();
    }
  }

  /** The names of the events; consecutive equal names count once. */
  static List<String> names(List<Event> events) {
    var names = new ArrayList<String>();
    for (var each : events) {
      if (names.isEmpty() || !names.getLast().equals(each.event())) {
        names.add(each.event());
      }
    }
    return names;
  }

  /** The stored run of the last event. */
  Run runOf(List<Event> events) {
    var last = events.getLast().data();
    return threads()
        .runs()
        .retrieve(
            last.path("id").asText(),
            RunRetrieveParams.builder().threadId(last.path("thread_id").asText()).build());
  }
}
