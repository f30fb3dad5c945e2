package dev.threadmill.models.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How the code that a model calls for is run within one chat completion. */
class CodeRunningModelTest {
  private static final String FUNCTION = "run_python";

  /** In place of a provider, which is outside of the server. */
  private static final class ScriptedModel implements LanguageModel {
    private final Queue<ModelResponse> answers = new ArrayDeque<>();
    private final List<ModelRequest> requests = new ArrayList<>();

    @Override
    public ModelInfo info() {
      return new ModelInfo("scripted", "test", 1_000, 100, true, false, false, false);
    }

    @Override
    public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas) {
      requests.add(request);
      var answer = answers.size() > 1 ? answers.remove() : answers.element();
      if (!answer.text().isEmpty()) {
        deltas.accept(new ModelDelta.Text(answer.text()));
      }
      for (int i = 0; i < answer.toolCalls().size(); i++) {
        var call = answer.toolCalls().get(i);
        deltas.accept(new ModelDelta.ToolCallStarted(i, call.name()));
        deltas.accept(new ModelDelta.ToolCallArguments(i, call.arguments()));
      }
      return answer;
    }
  }

  private static final class Session implements ChatCode.Session {
    private final List<String> calls = new ArrayList<>();
    private boolean isClosed;

    @Override
    public String run(String arguments) {
      calls.add(arguments);
      return "output " + calls.size();
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  private final ScriptedModel model = new ScriptedModel();
  private final Session session = new Session();
  private final List<ModelDelta> deltas = new ArrayList<>();

  private void says(String text, ModelToolCall... calls) {
    model.answers.add(
        new ModelResponse(
            text,
            null,
            null,
            List.of(calls),
            null,
            calls.length == 0
                ? ModelResponse.FinishReason.STOP
                : ModelResponse.FinishReason.TOOL_CALLS,
            new Usage(10, 5)));
  }

  private ModelResponse answer(Integer maxTokens) throws InterruptedException {
    var request =
        ModelRequest.of(
            "scripted",
            List.of(new ModelMessage.User(List.of(new ModelPart.Text("Add up.")))),
            List.of());
    var source = ContentSource.tool(new ProjectId("proj_" + "a".repeat(24)), null, null);
    return new CodeRunningModel(model, FUNCTION, session, new ContentGate(List.of()), source)
        .answer(request.withMaxCompletionTokens(maxTokens), deltas::add);
  }

  @Test
  void theModelIsCalledAgainWithTheOutputUntilItAnswers() throws InterruptedException {
    says("Let me see.", new ModelToolCall("c1", FUNCTION, "{\"code\": \"1+1\"}"));
    says("", new ModelToolCall("c2", FUNCTION, "{\"code\": \"2+2\"}"));
    says("It is four.");

    var answer = answer(null);

    assertThat(answer.text()).isEqualTo("Let me see.\n\nIt is four.");
    assertThat(answer.toolCalls()).isEmpty();
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.STOP);
    assertThat(answer.usage()).isEqualTo(new Usage(30, 15));
    assertThat(session.calls).containsExactly("{\"code\": \"1+1\"}", "{\"code\": \"2+2\"}");
    assertThat(session.isClosed).isTrue();
    assertThat(model.requests.getLast().messages())
        .contains(new ModelMessage.ToolResult("c1", "output 1"))
        .endsWith(new ModelMessage.ToolResult("c2", "output 2"));
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("Let me see."),
            new ModelDelta.Text("\n\n"),
            new ModelDelta.Text("It is four."));
  }

  @Test
  void callsOfTheClientsFunctionsEndTheAnswer() throws InterruptedException {
    says(
        "",
        new ModelToolCall("c1", FUNCTION, "{}"),
        new ModelToolCall("c2", "get_weather", "{\"city\": \"Tokyo\"}"));

    var answer = answer(null);

    assertThat(answer.toolCalls())
        .containsExactly(new ModelToolCall("c2", "get_weather", "{\"city\": \"Tokyo\"}"));
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(session.calls).isEmpty();
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.ToolCallStarted(0, "get_weather"),
            new ModelDelta.ToolCallArguments(0, "{\"city\": \"Tokyo\"}"));
  }

  @Test
  void aModelThatNeverAnswersIsStopped() throws InterruptedException {
    says("", new ModelToolCall("c1", FUNCTION, "{}"));

    var answer = answer(null);

    assertThat(model.requests).hasSize(16);
    assertThat(model.requests.getLast().toolChoice()).isEqualTo(ToolChoice.NONE);
    assertThat(answer.toolCalls()).isEmpty();
    assertThat(session.isClosed).isTrue();
  }

  @Test
  void theLimitOfTheCompletionIsThatOfAllTurns() throws InterruptedException {
    says("", new ModelToolCall("c1", FUNCTION, "{}"));

    var answer = answer(8);

    assertThat(model.requests).hasSize(2);
    assertThat(model.requests.getLast().maxCompletionTokens()).isEqualTo(3);
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.LENGTH);
  }
}
