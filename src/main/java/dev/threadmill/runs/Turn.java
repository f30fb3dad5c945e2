package dev.threadmill.runs;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.Tokens;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;

/**
 * One answer of the model as it comes in: opens steps, tells clients, and keeps what has come so
 * far, so that the answer can be stored whole or, if it is cut short, in part.
 */
final class Turn {
  private final Progress progress;
  private final StoreMessageStep storeMessageStep;
  private final StringBuilder text = new StringBuilder();
  private final StringBuilder refusal = new StringBuilder();
  private final List<PendingCall> calls = new ArrayList<>();
  private Step messageStep;
  private Step callStep;
  private char heldBack;
  private ModelRequest request;
  private boolean isCounted;

  /** Stores a message that is followed by tool calls in the same answer. */
  interface StoreMessageStep {
    /** False if the run is not this attempt's any more. */
    boolean store(Progress progress, Turn turn);
  }

  /** In the middle of an answer it turned out that the run belongs to another attempt. */
  static final class RunLostException extends RuntimeException {}

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

  Turn(Progress progress, StoreMessageStep storeMessageStep) {
    this.progress = progress;
    this.storeMessageStep = storeMessageStep;
  }

  void accept(ModelDelta delta) {
    switch (delta) {
      case ModelDelta.Text(var piece) -> addText(storable(piece));
      case ModelDelta.Refusal(var piece) -> addRefusal(storable(piece));
      case ModelDelta.ToolCallStarted(var index, var name) -> startCall(index, name);
      case ModelDelta.ToolCallArguments(var index, var piece) ->
          addArguments(index, storable(piece));
      case ModelDelta.Reasoning _ -> {
        // Not part of the answer.
      }
    }
  }

  /** The model is about to be asked this. */
  void asks(ModelRequest what) {
    request = what;
  }

  /**
   * What the answer has cost so far by our own count, for one that is cut short: the provider says
   * what it was only at the end.
   */
  Usage usageSoFar() {
    if (request == null || isCounted) {
      return Usage.NONE;
    }
    int completion = Tokens.count(text.toString());
    for (var call : calls) {
      completion += Tokens.count(call.name) + Tokens.count(call.arguments.toString());
    }
    return new Usage(Tokens.count(request), completion);
  }

  /** The provider's own count has been taken. */
  void counted() {
    isCounted = true;
  }

  /** The step of the message, or null if the model has said nothing yet. */
  Step messageStep() {
    return messageStep;
  }

  /** The step of the tool calls with the calls so far, or null if there are none. */
  Step callStep() {
    return callStep == null
        ? null
        : callStep.with(calls.stream().map(PendingCall::toCall).toList());
  }

  String text() {
    return text.toString();
  }

  String refusal() {
    return refusal.isEmpty() ? null : refusal.toString();
  }

  /** Opens the message although the model has said nothing: an empty answer is an answer too. */
  void openMessage() {
    if (messageStep == null) {
      messageStep = progress.nextStep(Step.Type.MESSAGE_CREATION);
      tell(Telling.stepCreated(messageStep));
      tell(Telling.stepInProgress(messageStep));
      tell(Telling.messageCreated(messageStep, progress.run()));
      tell(Telling.messageInProgress(messageStep, progress.run()));
    }
  }

  private void addText(String piece) {
    if (piece.isEmpty() || callStep != null) {
      // What a model says behind its tool calls belongs to no message that could still be open.
      return;
    }
    openMessage();
    text.append(piece);
    tell(Telling.text(messageStep, piece));
  }

  private void addRefusal(String piece) {
    if (callStep == null) {
      openMessage();
      refusal.append(piece);
    }
  }

  private void startCall(int index, String name) {
    if (index != calls.size()) {
      throw new IllegalStateException("tool calls must start in their order");
    }
    heldBack = 0;
    if (callStep == null) {
      if (messageStep != null) {
        if (!storeMessageStep.store(progress, this)) {
          throw new RunLostException();
        }
      }
      callStep = progress.nextStep(Step.Type.TOOL_CALLS);
      tell(Telling.stepCreated(callStep));
      tell(Telling.stepInProgress(callStep));
    }
    var place = progress.run().attempt() + "/" + callStep.ordinal() + "/" + index;
    calls.add(new PendingCall(callAt(progress.run(), place, storable(name)), name));
    tell(Telling.callStarted(callStep, index, calls.getLast().toCall()));
  }

  /** A call that has just begun. Its id follows from its place, so any node can name it. */
  static ToolCall callAt(Run run, String place, String name) {
    var id = new ToolCallId(Ids.derive(ToolCallId.PREFIX, run.id(), place));
    return ToolCall.begun(id, run.settings().callType(name), name);
  }

  private void addArguments(int index, String piece) {
    if (!piece.isEmpty()) {
      calls.get(index).arguments.append(piece);
      tell(Telling.arguments(callStep, index, calls.get(index).begun.type(), piece));
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
