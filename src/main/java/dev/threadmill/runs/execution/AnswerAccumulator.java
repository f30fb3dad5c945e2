package dev.threadmill.runs.execution;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer of the model as it comes in: opens steps, tells clients, and keeps what has come so
 * far, so that the answer can be stored whole or, if it is cut short, in part.
 *
 * <p>A model thinks, and perhaps speaks, before it shows whether it will call tools. What must not
 * become a message by then goes into a step of calls that has none yet. If none come that step is
 * stored as it is, and the message follows in a step of its own.
 */
public final class AnswerAccumulator {
  private final RunExecution execution;
  private final StepCommitter committer;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final StringBuilder hiddenReasoning = new StringBuilder();
  private final List<PendingCall> calls = new ArrayList<>();
  private OpenStep messageStep;
  private OpenStep callStep;
  private boolean isMessageStarted;
  private boolean isMessageCommitted;
  private char pendingSurrogate;
  private ModelRequest request;
  private boolean mayCall;
  private ReasoningState thoughts;
  private boolean isCounted;

  /** Stores steps that are done while the answer goes on. False if the run is another attempt's. */
  public interface StepCommitter {
    boolean commitMessage(RunExecution progress, AnswerAccumulator turn);

    boolean commitReasoning(RunExecution progress, Step step);
  }

  /** In the middle of an answer it turned out that the run belongs to another attempt. */
  public static final class RunLostException extends RuntimeException {}

  private static final class OpenStep {
    final Step step;
    final StringBuilder reasoning = new StringBuilder();
    final StringBuilder commentary = new StringBuilder();

    OpenStep(Step step) {
      this.step = step;
    }

    StringBuilder builder(StepReasoning.Kind voice) {
      return voice == StepReasoning.Kind.REASONING ? reasoning : commentary;
    }
  }

  private static final class PendingCall {
    final ToolCall started;
    final String name;
    final StringBuilder arguments = new StringBuilder();

    PendingCall(ToolCall begun, String name) {
      this.started = begun;
      this.name = name;
    }

    ToolCall toCall() {
      return ToolCall.started(started.id(), started.type(), name)
          .withMoreArguments(arguments.toString());
    }
  }

  public AnswerAccumulator(RunExecution progress, StepCommitter store) {
    this.execution = progress;
    this.committer = store;
  }

  /** Takes in the next piece of the answer. */
  public void accept(ModelDelta delta) {
    switch (delta) {
      case ModelDelta.Text(var piece) -> acceptText(storable(piece));
      case ModelDelta.Refusal(var piece) -> acceptRefusal(storable(piece));
      case ModelDelta.ToolCallStarted(var index, var name) -> startCall(index, name);
      case ModelDelta.ToolCallArguments(var index, var piece) ->
          acceptArguments(index, storable(piece));
      case ModelDelta.Reasoning(var piece) -> acceptReasoning(storable(piece));
      case ModelDelta.Batch(var pieces) ->
          execution.live().publishTogether(() -> pieces.forEach(this::accept));
    }
  }

  /** The model is about to be asked this. */
  public void requestSent(ModelRequest what) {
    request = what;
    mayCall = !what.functions().isEmpty() && !ToolChoice.NONE.equals(what.toolChoice());
  }

  /** The answer is whole, and the provider's own count has been taken. */
  public void completed(ModelResponse answer) {
    thoughts = answer.thoughts();
    isCounted = true;
    // Tools may take long, and prompts may be large.
    request = null;
  }

  /**
   * What the answer has cost so far by our own count, for one that is cut short: the provider says
   * what it was only at the end.
   */
  public Usage usageSoFar() {
    if (request == null || isCounted) {
      return Usage.NONE;
    }
    int completion = TokenCounter.count(text.toString());
    for (var call : calls) {
      completion += TokenCounter.count(call.name) + TokenCounter.count(call.arguments.toString());
    }
    int reasoning = TokenCounter.count(hiddenReasoning.toString());
    for (var open : new OpenStep[] {messageStep, callStep}) {
      if (open != null) {
        reasoning += TokenCounter.count(open.reasoning.toString());
        completion += TokenCounter.count(open.commentary.toString());
      }
    }
    return new Usage(TokenCounter.count(request), completion + reasoning, reasoning);
  }

  /** The step of the message, or null if there is none that is still to be stored. */
  public Step messageStep() {
    return messageStep == null || isMessageCommitted
        ? null
        : messageStep.step.with(reasoning(messageStep, null));
  }

  /** Whether the message has begun in its step. */
  public boolean isMessageStarted() {
    return isMessageStarted;
  }

  /** The step of the tool calls with the calls so far, or null if there is none. */
  public Step callStep() {
    return callStep == null
        ? null
        : callStep
            .step
            .with(calls.stream().map(PendingCall::toCall).toList())
            .with(reasoning(callStep, calls.isEmpty() ? null : thoughts));
  }

  /** Whether the model has called tools. */
  public boolean hasCalls() {
    return !calls.isEmpty();
  }

  String text() {
    return text.toString();
  }

  String refusal() {
    return refusal.isEmpty() ? null : refusal.toString();
  }

  /**
   * No calls come any more: what the model has said is its message, be it empty.
   *
   * @throws RunLostException if the run is another attempt's
   */
  public void finishAsMessage() {
    commitCallStep();
    openMessage();
  }

  /** The answer was cut at its bound: what was said is a message all the same. */
  public void truncated() {
    if (!hasCalls()
        && (messageStep != null || callStep != null && !callStep.commentary.isEmpty())) {
      finishAsMessage();
    }
  }

  private StepReasoning reasoning(OpenStep open, ReasoningState wanted) {
    return StepReasoning.of(
        open.reasoning.toString(),
        execution.run().settings().reasoningEffort(),
        open.commentary.toString(),
        wanted);
  }

  private void acceptReasoning(String piece) {
    if (!execution.run().settings().turns().showReasoning()) {
      hiddenReasoning.append(piece);
    } else if (!piece.isEmpty()) {
      appendReasoning(stepForReasoning(), StepReasoning.Kind.REASONING, piece);
    }
  }

  private OpenStep stepForReasoning() {
    if (callStep == null && (messageStep == null || isMessageCommitted)) {
      if (mayCall || isMessageCommitted) {
        callStep = open(Step.Type.TOOL_CALLS);
      } else {
        messageStep = open(Step.Type.MESSAGE_CREATION);
      }
    }
    return callStep == null ? messageStep : callStep;
  }

  private void appendReasoning(OpenStep open, StepReasoning.Kind voice, String piece) {
    open.builder(voice).append(piece);
    publish(StreamEvents.reasoningDelta(open.step, voice, piece));
  }

  private void acceptText(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    if (execution.run().settings().turns().showFinalOnly() && mayCall) {
      appendReasoning(stepForReasoning(), StepReasoning.Kind.COMMENTARY, piece);
    } else if (!hasCalls()) {
      // What a model says behind its tool calls belongs to no message that could still be open.
      commitCallStep();
      appendText(piece);
    }
  }

  private void appendText(String piece) {
    openMessage();
    text.append(piece);
    publish(StreamEvents.textDelta(messageStep.step, piece));
  }

  private void acceptRefusal(String piece) {
    if (!hasCalls()) {
      commitCallStep();
      openMessage();
      refusal.append(piece);
    }
  }

  /** Closes the step that calls might have gone into; what was said in it becomes the message. */
  private void commitCallStep() {
    if (callStep == null) {
      return;
    }
    var settled = callStep;
    if (!committer.commitReasoning(execution, callStep())) {
      throw new RunLostException();
    }
    callStep = null;
    if (!settled.commentary.isEmpty()) {
      appendText(settled.commentary.toString());
    }
  }

  private void openMessage() {
    if (messageStep == null) {
      messageStep = open(Step.Type.MESSAGE_CREATION);
    }
    if (!isMessageStarted) {
      isMessageStarted = true;
      publish(StreamEvents.messageCreated(messageStep.step, execution.run()));
      publish(StreamEvents.messageInProgress(messageStep.step, execution.run()));
    }
  }

  private OpenStep open(Step.Type type) {
    var step = execution.startStep(type);
    publish(StreamEvents.stepCreated(step));
    publish(StreamEvents.stepInProgress(step));
    return new OpenStep(step);
  }

  private void startCall(int index, String name) {
    if (index != calls.size()) {
      throw new IllegalStateException("tool calls must start in their order");
    }
    pendingSurrogate = 0;
    if (messageStep != null && !isMessageCommitted) {
      openMessage();
      if (!committer.commitMessage(execution, this)) {
        throw new RunLostException();
      }
      isMessageCommitted = true;
    }
    if (callStep == null) {
      callStep = open(Step.Type.TOOL_CALLS);
    }
    var place = execution.run().attempt() + "/" + callStep.step.ordinal() + "/" + index;
    calls.add(new PendingCall(newCall(execution.run(), place, storable(name)), name));
    publish(StreamEvents.callStarted(callStep.step, index, calls.getLast().toCall()));
  }

  /** A call that has just begun. Its id follows from its place, so any node can name it. */
  public static ToolCall newCall(Run run, String place, String name) {
    var id = new ToolCallId(Ids.derive(ToolCallId.PREFIX, run.id(), place));
    return ToolCall.started(id, run.settings().callType(name), name);
  }

  private void acceptArguments(int index, String piece) {
    if (!piece.isEmpty()) {
      calls.get(index).arguments.append(piece);
      publish(
          StreamEvents.argumentsDelta(
              callStep.step, index, calls.get(index).started.type(), piece));
    }
  }

  private void publish(StreamEvent told) {
    execution.live().publish(told);
  }

  /**
   * The piece without what Postgres cannot store, and with no character cut in two: the first half
   * of a surrogate pair waits for the second.
   */
  private String storable(String piece) {
    if (pendingSurrogate != 0) {
      piece = pendingSurrogate + piece;
      pendingSurrogate = 0;
    }
    if (!piece.isEmpty() && Character.isHighSurrogate(piece.charAt(piece.length() - 1))) {
      pendingSurrogate = piece.charAt(piece.length() - 1);
      piece = piece.substring(0, piece.length() - 1);
    }
    return piece.indexOf('\0') < 0 ? piece : piece.replace("\0", "");
  }
}
