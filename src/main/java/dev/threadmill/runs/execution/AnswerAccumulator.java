package dev.threadmill.runs.execution;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Price;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import java.util.ArrayList;
import java.util.List;

/**
 * Accumulates one streamed answer of the model: opens steps, publishes deltas, and keeps the text
 * received so far, so that the answer is stored completely or, if it is interrupted, partly.
 *
 * <p>A model reasons, and may write text, before it shows whether it will call tools. Until then,
 * text that must not become a message goes to a tool call step that has no calls yet. If no calls
 * follow, that step is committed unchanged, and the message gets a separate step.
 */
public final class AnswerAccumulator {
  private final RunExecution execution;
  private final StepCommitter committer;
  private final StringBuilder hiddenReasoning = new StringBuilder();
  private final List<PendingCall> calls = new ArrayList<>();
  private OpenStep messageStep;
  private OpenStep callStep;
  private OpenText messageText;
  private OpenText refusal;
  private boolean isMessageCommitted;
  private boolean isFilteredByProvider;
  private ModelRequest request;
  private Price price;
  private boolean mayCall;
  private ReasoningState thoughts;
  private boolean isCounted;
  private final TextMarkers markers;
  private final MessageAnnotations annotations;

  /**
   * Commits steps that are complete while the answer continues. Both methods return false if the
   * run belongs to another attempt.
   */
  public interface StepCommitter {
    /** Commits the message step of the answer. */
    boolean commitMessage(RunExecution execution, AnswerAccumulator accumulator);

    /** Commits a step that holds reasoning and commentary only. */
    boolean commitReasoning(RunExecution execution, Step step);
  }

  /** A commit in the middle of an answer found that the run belongs to another attempt. */
  public static final class RunLostException extends RuntimeException {}

  private static final class OpenStep {
    final Step step;
    final OpenText reasoning;
    final OpenText commentary;

    OpenStep(Step step) {
      this.step = step;
      this.reasoning = new OpenText(DeltaTarget.of(StreamedText.REASONING, step));
      this.commentary = new OpenText(DeltaTarget.of(StreamedText.COMMENTARY, step));
    }
  }

  /**
   * @param resolver finds what markers in the text refer to
   */
  public AnswerAccumulator(
      RunExecution execution, StepCommitter committer, MarkerResolver resolver) {
    this.annotations = new MessageAnnotations(resolver, this::publish);
    this.markers = new TextMarkers(resolver.resolvesUrls(), this::appendPlain, this::appendMarker);
    this.execution = execution;
    this.committer = committer;
  }

  /** Adds the next piece of the answer. */
  public void accept(ModelDelta delta) {
    switch (delta) {
      case ModelDelta.Text(var piece) -> acceptText(piece);
      case ModelDelta.Refusal(var piece) -> acceptRefusal(piece);
      case ModelDelta.ToolCallStarted(var index, var name) -> startCall(index, name);
      case ModelDelta.ToolCallArguments(var index, var piece) -> acceptArguments(index, piece);
      case ModelDelta.Reasoning(var piece) -> acceptReasoning(piece);
      case ModelDelta.Citation citation -> acceptCitation(citation);
      case ModelDelta.Speech _ ->
          throw new IllegalStateException("runs do not ask for spoken answers");
      case ModelDelta.Batch(var pieces) ->
          execution.live().events().publishTogether(() -> pieces.forEach(this::accept));
    }
  }

  /**
   * The model is about to be called with this request.
   *
   * @param priceOfModel null if it is not known
   */
  public void requestSent(ModelRequest what, Price priceOfModel) {
    request = what;
    price = priceOfModel;
    mayCall = !what.functions().isEmpty() && !ToolChoice.NONE.equals(what.toolChoice());
  }

  /** The answer is complete, and the provider's usage is counted. */
  public void completed(ModelResponse response) {
    thoughts = response.thoughts();
    isCounted = true;
    // Tools may run for long, and prompts may be large.
    request = null;
  }

  /**
   * The usage of an answer that was interrupted, by our own count: providers report usage only at
   * the end.
   */
  public Usage usageSoFar() {
    if (request == null || isCounted) {
      return Usage.NONE;
    }
    int completion = TokenCounter.count(text()) + TokenCounter.count(refusal());
    for (var call : calls) {
      completion +=
          TokenCounter.count(call.started().name())
              + TokenCounter.count(call.arguments().toString());
    }
    int reasoning = TokenCounter.count(hiddenReasoning.toString());
    for (var open : new OpenStep[] {messageStep, callStep}) {
      if (open != null) {
        reasoning += TokenCounter.count(open.reasoning.toString());
        completion += TokenCounter.count(open.commentary.toString());
      }
    }
    return new Usage(TokenCounter.count(request), completion + reasoning, reasoning).at(price);
  }

  /** The step of the message; null if there is none that is still to be committed. */
  public Step messageStep() {
    return messageStep == null || isMessageCommitted
        ? null
        : messageStep.step.with(reasoning(messageStep, null));
  }

  /** Whether the message of the message step was created. */
  public boolean isMessageStarted() {
    return messageText != null;
  }

  /** The step of the tool calls with the calls so far; null if there is none. */
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

  /** The text of the message so far. */
  String text() {
    return messageText == null ? "" : messageText.toString();
  }

  /** The content of the message so far: its text, and the refusal if there is one. */
  public List<ContentPart> content() {
    markers.end();
    var content = new ArrayList<ContentPart>();
    if (!text().isEmpty() || refusal() == null) {
      content.add(ContentPart.text(text(), annotations.all()));
    }
    if (refusal() != null) {
      content.add(ContentPart.refusal(refusal()));
    }
    return content;
  }

  /** The refusal so far; null if there is none. */
  String refusal() {
    return refusal == null ? null : refusal.toString();
  }

  /**
   * No calls follow: the text of the answer, even an empty one, is its message.
   *
   * @throws RunLostException if the run belongs to another attempt
   */
  public void finishAsMessage() {
    commitCallStep();
    openMessage();
    markers.end();
  }

  /** The provider cut the answer off for its content. */
  public void filtered() {
    isFilteredByProvider = true;
    truncated();
  }

  /** Whether the provider cut the answer off for its content. */
  public boolean isFiltered() {
    return isFilteredByProvider;
  }

  /** The answer was cut off at its token limit: the text so far is its message. */
  public void truncated() {
    if (!hasCalls()
        && (messageStep != null || callStep != null && !callStep.commentary.isEmpty())) {
      finishAsMessage();
    }
  }

  private StepReasoning reasoning(OpenStep open, ReasoningState state) {
    return StepReasoning.of(
        open.reasoning.toString(),
        execution.run().settings().sampling().reasoningEffort(),
        open.commentary.toString(),
        state);
  }

  private void acceptReasoning(String piece) {
    if (!execution.run().settings().turns().showReasoning()) {
      hiddenReasoning.append(piece);
    } else if (!piece.isEmpty()) {
      var open = stepForReasoning();
      append(open.step, open.reasoning, piece);
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

  private void acceptText(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    if (execution.run().settings().turns().showFinalOnly() && mayCall) {
      var open = stepForReasoning();
      append(open.step, open.commentary, piece);
    } else if (!hasCalls()) {
      commitCallStep();
      appendText(piece);
    } else if (!callStep.commentary.isEmpty() || !piece.isBlank()) {
      // No message can be open behind tool calls, so the step of the calls has the text.
      append(callStep.step, callStep.commentary, piece);
    }
  }

  private void appendText(String piece) {
    if (refusal == null) {
      openMessage();
      markers.accept(piece);
    } else {
      // The part of the refusal is the last one of the message.
      append(messageStep.step, refusal, piece);
    }
  }

  private void appendPlain(String text) {
    append(messageStep.step, messageText, text);
  }

  private void appendMarker(String marker) {
    int start = messageText.codePoints();
    appendPlain(marker);
    annotations.resolve(messageStep.step, marker, start);
  }

  private void acceptCitation(ModelDelta.Citation citation) {
    if (messageText != null && !isMessageCommitted) {
      markers.end();
      annotations.cite(messageStep.step, text(), citation);
    }
  }

  private void acceptRefusal(String piece) {
    if (!hasCalls() && !piece.isEmpty()) {
      commitCallStep();
      openMessage();
      if (refusal == null) {
        markers.end();
        refusal = new OpenText(DeltaTarget.ofRefusal(messageStep.step, text().isEmpty() ? 0 : 1));
      }
      append(messageStep.step, refusal, piece);
    }
  }

  /** Commits the step that was reserved for calls; its commentary becomes the message. */
  private void commitCallStep() {
    if (callStep == null) {
      return;
    }
    var committed = callStep;
    if (!committer.commitReasoning(execution, callStep())) {
      throw new RunLostException();
    }
    callStep = null;
    if (!committed.commentary.isEmpty()) {
      appendText(committed.commentary.toString());
    }
  }

  private void openMessage() {
    if (messageStep == null) {
      messageStep = open(Step.Type.MESSAGE_CREATION);
    }
    if (messageText == null) {
      messageText = new OpenText(DeltaTarget.of(StreamedText.MESSAGE, messageStep.step));
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
    if (messageStep != null && !isMessageCommitted) {
      openMessage();
      markers.end();
      if (!committer.commitMessage(execution, this)) {
        throw new RunLostException();
      }
      isMessageCommitted = true;
    }
    if (callStep == null) {
      callStep = open(Step.Type.TOOL_CALLS);
    }
    var step = callStep.step;
    var place = execution.run().attempt() + "/" + step.ordinal() + "/" + index;
    var call = newCall(execution.run(), place, name);
    calls.add(new PendingCall(step, index, call));
    publish(StreamEvents.callStarted(step, index, call));
  }

  /**
   * A call that has just started. Its id is derived from its place, so every node derives the same.
   *
   * @param place the attempt, the ordinal of the step and the index of the call: {@code 1/2/0}
   */
  public static ToolCall newCall(Run run, String place, String name) {
    var id = new ToolCallId(Ids.derive(ToolCallId.PREFIX, run.id(), place));
    return ToolCall.started(id, run.settings().callType(name), name);
  }

  private void acceptArguments(int index, String piece) {
    var call = calls.get(index);
    var more = call.append(piece);
    if (!more.isEmpty()) {
      publish(
          StreamEvents.delta(
              callStep.step, call.arguments().target(), call.started().type(), more));
    }
  }

  private void append(Step step, OpenText open, String piece) {
    open.append(piece);
    publish(StreamEvents.delta(step, open.target(), piece));
  }

  private void publish(StreamEvent event) {
    execution.live().events().publish(event);
  }
}
