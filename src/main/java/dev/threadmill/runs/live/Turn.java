package dev.threadmill.runs.live;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.Aside;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
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
public final class Turn {
  private final Progress progress;
  private final StoreStep store;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final StringBuilder unshown = new StringBuilder();
  private final List<PendingCall> calls = new ArrayList<>();
  private OpenStep message;
  private OpenStep acting;
  private boolean isMessageBegun;
  private boolean isMessageStored;
  private char heldBack;
  private ModelRequest request;
  private boolean mayCall;
  private ReasoningState thoughts;
  private boolean isCounted;

  /** Stores steps that are done while the answer goes on. False if the run is another attempt's. */
  public interface StoreStep {
    boolean message(Progress progress, Turn turn);

    boolean thoughts(Progress progress, Step step);
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

    StringBuilder text(Aside.Voice voice) {
      return voice == Aside.Voice.REASONING ? reasoning : commentary;
    }
  }

  private static final class PendingCall {
    final ToolCall begun;
    final String name;
    final StringBuilder arguments = new StringBuilder();

    PendingCall(ToolCall begun, String name) {
      this.begun = begun;
      this.name = name;
    }

    ToolCall toCall() {
      return ToolCall.begun(begun.id(), begun.type(), name).withMoreArguments(arguments.toString());
    }
  }

  public Turn(Progress progress, StoreStep store) {
    this.progress = progress;
    this.store = store;
  }

  /** Takes in the next piece of the answer. */
  public void accept(ModelDelta delta) {
    switch (delta) {
      case ModelDelta.Text(var piece) -> addText(storable(piece));
      case ModelDelta.Refusal(var piece) -> addRefusal(storable(piece));
      case ModelDelta.ToolCallStarted(var index, var name) -> startCall(index, name);
      case ModelDelta.ToolCallArguments(var index, var piece) ->
          addArguments(index, storable(piece));
      case ModelDelta.Reasoning(var piece) -> addReasoning(storable(piece));
      case ModelDelta.Batch(var pieces) ->
          progress.live().atOnce(() -> pieces.forEach(this::accept));
    }
  }

  /** The model is about to be asked this. */
  public void asks(ModelRequest what) {
    request = what;
    mayCall = !what.functions().isEmpty() && !ToolChoice.NONE.equals(what.toolChoice());
  }

  /** The answer is whole, and the provider's own count has been taken. */
  public void answered(ModelResponse answer) {
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
    int reasoning = TokenCounter.count(unshown.toString());
    for (var open : new OpenStep[] {message, acting}) {
      if (open != null) {
        reasoning += TokenCounter.count(open.reasoning.toString());
        completion += TokenCounter.count(open.commentary.toString());
      }
    }
    return new Usage(TokenCounter.count(request), completion + reasoning, reasoning);
  }

  /** The step of the message, or null if there is none that is still to be stored. */
  public Step messageStep() {
    return message == null || isMessageStored ? null : message.step.with(aside(message, null));
  }

  /** Whether the message has begun in its step. */
  public boolean isMessageBegun() {
    return isMessageBegun;
  }

  /** The step of the tool calls with the calls so far, or null if there is none. */
  public Step callStep() {
    return acting == null
        ? null
        : acting
            .step
            .with(calls.stream().map(PendingCall::toCall).toList())
            .with(aside(acting, calls.isEmpty() ? null : thoughts));
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
  public void becomesMessage() {
    settle();
    openMessage();
  }

  /** The answer was cut at its bound: what was said is a message all the same. */
  public void isCut() {
    if (!hasCalls() && (message != null || acting != null && !acting.commentary.isEmpty())) {
      becomesMessage();
    }
  }

  private Aside aside(OpenStep open, ReasoningState wanted) {
    return Aside.of(
        open.reasoning.toString(),
        progress.run().settings().reasoningEffort(),
        open.commentary.toString(),
        wanted);
  }

  private void addReasoning(String piece) {
    if (!progress.run().settings().turns().showReasoning()) {
      unshown.append(piece);
    } else if (!piece.isEmpty()) {
      addAside(openForThoughts(), Aside.Voice.REASONING, piece);
    }
  }

  private OpenStep openForThoughts() {
    if (acting == null && (message == null || isMessageStored)) {
      if (mayCall || isMessageStored) {
        acting = open(Step.Type.TOOL_CALLS);
      } else {
        message = open(Step.Type.MESSAGE_CREATION);
      }
    }
    return acting == null ? message : acting;
  }

  private void addAside(OpenStep open, Aside.Voice voice, String piece) {
    open.text(voice).append(piece);
    tell(Telling.aside(open.step, voice, piece));
  }

  private void addText(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    if (progress.run().settings().turns().showFinalOnly() && mayCall) {
      addAside(openForThoughts(), Aside.Voice.COMMENTARY, piece);
    } else if (!hasCalls()) {
      // What a model says behind its tool calls belongs to no message that could still be open.
      settle();
      say(piece);
    }
  }

  private void say(String piece) {
    openMessage();
    text.append(piece);
    tell(Telling.text(message.step, piece));
  }

  private void addRefusal(String piece) {
    if (!hasCalls()) {
      settle();
      openMessage();
      refusal.append(piece);
    }
  }

  /** Closes the step that calls might have gone into; what was said in it becomes the message. */
  private void settle() {
    if (acting == null) {
      return;
    }
    var settled = acting;
    if (!store.thoughts(progress, callStep())) {
      throw new RunLostException();
    }
    acting = null;
    if (!settled.commentary.isEmpty()) {
      say(settled.commentary.toString());
    }
  }

  private void openMessage() {
    if (message == null) {
      message = open(Step.Type.MESSAGE_CREATION);
    }
    if (!isMessageBegun) {
      isMessageBegun = true;
      tell(Telling.messageCreated(message.step, progress.run()));
      tell(Telling.messageInProgress(message.step, progress.run()));
    }
  }

  private OpenStep open(Step.Type type) {
    var step = progress.nextStep(type);
    tell(Telling.stepCreated(step));
    tell(Telling.stepInProgress(step));
    return new OpenStep(step);
  }

  private void startCall(int index, String name) {
    if (index != calls.size()) {
      throw new IllegalStateException("tool calls must start in their order");
    }
    heldBack = 0;
    if (message != null && !isMessageStored) {
      openMessage();
      if (!store.message(progress, this)) {
        throw new RunLostException();
      }
      isMessageStored = true;
    }
    if (acting == null) {
      acting = open(Step.Type.TOOL_CALLS);
    }
    var place = progress.run().attempt() + "/" + acting.step.ordinal() + "/" + index;
    calls.add(new PendingCall(callAt(progress.run(), place, storable(name)), name));
    tell(Telling.callStarted(acting.step, index, calls.getLast().toCall()));
  }

  /** A call that has just begun. Its id follows from its place, so any node can name it. */
  public static ToolCall callAt(Run run, String place, String name) {
    var id = new ToolCallId(Ids.derive(ToolCallId.PREFIX, run.id(), place));
    return ToolCall.begun(id, run.settings().callType(name), name);
  }

  private void addArguments(int index, String piece) {
    if (!piece.isEmpty()) {
      calls.get(index).arguments.append(piece);
      tell(Telling.arguments(acting.step, index, calls.get(index).begun.type(), piece));
    }
  }

  private void tell(Told told) {
    progress.live().happened(told);
  }

  /**
   * The piece without what Postgres cannot store, and with no character cut in two: the first half
   * of a surrogate pair waits for the second.
   */
  private String storable(String piece) {
    if (heldBack != 0) {
      piece = heldBack + piece;
      heldBack = 0;
    }
    if (!piece.isEmpty() && Character.isHighSurrogate(piece.charAt(piece.length() - 1))) {
      heldBack = piece.charAt(piece.length() - 1);
      piece = piece.substring(0, piece.length() - 1);
    }
    return piece.indexOf('\0') < 0 ? piece : piece.replace("\0", "");
  }
}
