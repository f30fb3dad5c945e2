package dev.threadmill.models.chat;

import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A model whose calls of the code interpreter are executed: it is called again with their outputs
 * until it answers. The calls are not part of the answer. If it calls functions of the client along
 * with the code, those are its answer, and the code is not run: the client has to answer first.
 *
 * @param function the name of the function that runs code
 * @param source of the outputs, for the content filters
 */
record CodeRunningModel(
    LanguageModel model,
    String function,
    ChatCode.Session session,
    ContentGate gate,
    ContentSource source)
    implements LanguageModel {
  /** How often the model is called for one request. */
  private static final int MAX_TURNS = 16;

  private static final String SEPARATOR = "\n\n";

  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    try (session) {
      var used = Usage.NONE;
      var text = new StringBuilder();
      var next = request;
      for (int turn = 1; ; turn++) {
        var visible = new VisibleDeltas(deltas, !text.isEmpty());
        var answer = model.answer(next, visible);
        used = used.plus(answer.usage());
        if (visible.hasText()) {
          text.append(text.isEmpty() ? "" : SEPARATOR).append(answer.text());
        }
        var code = answer.toolCalls().stream().filter(this::isCode).toList();
        var others = answer.toolCalls().stream().filter(call -> !isCode(call)).toList();
        boolean isSpent = left(request, used) == 0;
        if (code.isEmpty() || !others.isEmpty() || isSpent || turn == MAX_TURNS) {
          return whole(answer, text.toString(), others, used, !code.isEmpty() && isSpent);
        }
        next = withOutputs(request, next, answer, code, used, turn + 1 == MAX_TURNS);
      }
    }
  }

  private boolean isCode(ModelToolCall call) {
    return call.name().equals(function);
  }

  /** The tokens that the completion may still have; -1 for no limit. */
  private static long left(ModelRequest request, Usage used) {
    return request.maxCompletionTokens() == null
        ? -1
        : Math.max(0, request.maxCompletionTokens() - used.completionTokens());
  }

  private static ModelResponse whole(
      ModelResponse last, String text, List<ModelToolCall> calls, Usage used, boolean isCut) {
    var reason =
        isCut
            ? ModelResponse.FinishReason.LENGTH
            : calls.isEmpty() && last.finishReason() == ModelResponse.FinishReason.TOOL_CALLS
                ? ModelResponse.FinishReason.STOP
                : last.finishReason();
    return new ModelResponse(
        text, last.refusal(), last.reasoning(), calls, last.thoughts(), reason, used);
  }

  /** The request for the next turn, in which no function is forced. */
  private ModelRequest withOutputs(
      ModelRequest request,
      ModelRequest last,
      ModelResponse answer,
      List<ModelToolCall> code,
      Usage used,
      boolean isLastTurn)
      throws InterruptedException {
    var messages = new ArrayList<>(last.messages());
    messages.add(
        new ModelMessage.Assistant(
            answer.text().isEmpty() ? null : answer.text(), code, answer.thoughts()));
    for (var call : code) {
      messages.add(new ModelMessage.ToolResult(call.id(), filtered(session.run(call.arguments()))));
    }
    long left = left(request, used);
    return new ModelRequest(
            request.model(),
            messages,
            request.functions(),
            isLastTurn ? ToolChoice.NONE : ToolChoice.AUTO,
            request.parallelToolCalls(),
            request.responseFormat(),
            request.options())
        .withMaxCompletionTokens(left < 0 ? null : (Integer) (int) left);
  }

  private String filtered(String output) {
    try {
      return gate.apply(source, output);
    } catch (ContentRejectedException e) {
      return "The output was withheld: a content filter rejected it: " + e.getMessage();
    }
  }

  /** Passes the deltas of one turn on, without the calls of code. */
  private final class VisibleDeltas implements Consumer<ModelDelta> {
    private final Consumer<ModelDelta> receiver;
    private final Set<Integer> hidden = new HashSet<>();
    private final Map<Integer, Integer> indexes = new HashMap<>();
    private boolean separates;
    private boolean hasText;

    /**
     * @param separates whether an earlier turn has text
     */
    VisibleDeltas(Consumer<ModelDelta> receiver, boolean separates) {
      this.receiver = receiver;
      this.separates = separates;
    }

    boolean hasText() {
      return hasText;
    }

    @Override
    public void accept(ModelDelta delta) {
      switch (delta) {
        case ModelDelta.Batch(var pieces) -> pieces.forEach(this);
        case ModelDelta.Text _ -> {
          hasText = true;
          if (separates) {
            separates = false;
            receiver.accept(new ModelDelta.Text(SEPARATOR));
          }
          receiver.accept(delta);
        }
        case ModelDelta.ToolCallStarted(var index, var name) -> {
          if (name.equals(function)) {
            hidden.add(index);
          } else {
            indexes.put(index, indexes.size());
            receiver.accept(new ModelDelta.ToolCallStarted(indexes.get(index), name));
          }
        }
        case ModelDelta.ToolCallArguments(var index, var fragment) -> {
          if (!hidden.contains(index)) {
            receiver.accept(new ModelDelta.ToolCallArguments(indexes.get(index), fragment));
          }
        }
        case ModelDelta.Refusal _,
            ModelDelta.Reasoning _,
            ModelDelta.Speech _,
            ModelDelta.Citation _ ->
            receiver.accept(delta);
      }
    }
  }
}
