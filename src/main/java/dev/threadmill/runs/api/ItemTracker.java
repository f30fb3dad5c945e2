package dev.threadmill.runs.api;

import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.runs.api.RunItem.Place;
import dev.threadmill.runs.api.RunItem.Status;
import dev.threadmill.runs.api.RunUpdate.ItemText;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.tools.ToolsetFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tells the items of a run apart, from its events in their order. One for each stream. It holds the
 * open steps only, and of their texts only those that no row has as a whole.
 */
final class ItemTracker {
  private final ToolsetFactory toolsets;
  private final Map<Integer, OpenStep> steps = new TreeMap<>();
  private List<ToolSpec> tools;
  private int started;

  /**
   * @param tools of the run
   */
  ItemTracker(ToolsetFactory toolsets, List<ToolSpec> tools) {
    this.toolsets = toolsets;
    this.tools = tools;
  }

  private static final class OpenStep {
    final Map<Integer, OpenCall> calls = new TreeMap<>();
    OpenText text;
    Place message;
    StringBuilder refusal = new StringBuilder();
    Place lastReasoning;
    int texts;
    boolean isStateKnown;
  }

  /** Reasoning or commentary. */
  private record OpenText(Place place, StreamedText kind, StringBuilder soFar) {}

  private static final class OpenCall {
    final Place place;
    ToolCall call;
    ToolSpec tool;
    boolean isReady;
    boolean isEnded;

    OpenCall(Place place, ToolCall call, ToolSpec tool) {
      this.place = place;
      this.call = call;
      this.tool = tool;
    }
  }

  /** The run has these tools, as its first event shows. */
  void setTools(List<ToolSpec> ofRun) {
    tools = ofRun;
  }

  private Place next(String id) {
    return new Place(started++, id);
  }

  private static Place before(String id) {
    return new Place(Place.BEFORE, id);
  }

  /** The step; one that started before the stream has reported the state of its reasoning then. */
  private OpenStep open(int ordinal) {
    return steps.computeIfAbsent(
        ordinal,
        _ -> {
          var earlier = new OpenStep();
          earlier.isStateKnown = true;
          return earlier;
        });
  }

  /** A step starts. */
  void stepStarted(int ordinal) {
    steps.put(ordinal, new OpenStep());
  }

  /** More of a text. */
  void delta(StreamEvent event, StreamedText kind, int call, String piece, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    switch (kind) {
      case MESSAGE, REFUSAL -> {
        if (step.message == null) {
          step.message = before(event.step().messageId().value());
        }
        if (kind == StreamedText.REFUSAL) {
          step.refusal.append(piece);
        }
        out.add(new RunUpdate.ItemDelta(step.message, textOf(kind), piece));
      }
      case REASONING, COMMENTARY -> addText(step, event.step(), kind, piece, out);
      case ARGUMENTS -> {
        var open = call(step, event.step(), call);
        if (open != null) {
          open.call = open.call.withMoreArguments(piece);
          out.add(new RunUpdate.ItemDelta(open.place, ItemText.ARGUMENTS, piece));
        }
      }
      case OUTPUT, PROGRESS, TASK -> {
        callsReady(step, event.step(), Status.COMPLETED, out);
        var open = call(step, event.step(), call);
        if (open != null) {
          out.add(new RunUpdate.ItemDelta(open.place, textOf(kind), piece));
        }
      }
    }
  }

  /** The text of the message of a step has an annotation. */
  void annotation(StreamEvent event, int index, Annotation annotation, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    if (step.message == null) {
      step.message = before(event.step().messageId().value());
    }
    out.add(new RunUpdate.AnnotationAdded(step.message, index, annotation));
  }

  private static ItemText textOf(StreamedText kind) {
    return switch (kind) {
      case MESSAGE -> ItemText.MESSAGE;
      case REFUSAL -> ItemText.REFUSAL;
      case REASONING -> ItemText.REASONING;
      case COMMENTARY -> ItemText.COMMENTARY;
      case ARGUMENTS -> ItemText.ARGUMENTS;
      case OUTPUT -> ItemText.OUTPUT;
      case PROGRESS -> ItemText.PROGRESS;
      case TASK -> ItemText.REMOTE_TASK;
    };
  }

  private void addText(
      OpenStep open, Step step, StreamedText kind, String piece, List<RunUpdate> out) {
    if (open.text == null || open.text.kind() != kind) {
      endText(open, Status.COMPLETED, out);
      var place = next(step.id() + "-" + ++open.texts);
      open.text = new OpenText(place, kind, new StringBuilder());
      if (kind == StreamedText.REASONING) {
        open.lastReasoning = place;
      }
      out.add(new RunUpdate.ItemStarted(item(open.text, Status.IN_PROGRESS, "")));
    }
    open.text.soFar().append(piece);
    out.add(new RunUpdate.ItemDelta(open.text.place(), textOf(kind), piece));
  }

  private static RunItem item(OpenText text, Status status, String whole) {
    return text.kind() == StreamedText.REASONING
        ? new RunItem.Reasoning(text.place(), status, whole, null)
        : new RunItem.Commentary(text.place(), status, whole);
  }

  private static void endText(OpenStep open, Status status, List<RunUpdate> out) {
    if (open.text != null) {
      var whole = open.text.soFar().toString();
      out.add(new RunUpdate.ItemEnded(item(open.text, status, whole)));
      open.text = null;
    }
  }

  /** The message of a step starts. */
  void messageStarted(StreamEvent event, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    endText(step, Status.COMPLETED, out);
    step.message = next(event.step().messageId().value());
    out.add(
        new RunUpdate.ItemStarted(
            new RunItem.Message(step.message, Status.IN_PROGRESS, List.of())));
  }

  /** The message of a step ends, complete or not. */
  void messageEnded(StreamEvent event, boolean isComplete, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    var content = ((MessageObject) event.data()).content();
    var place = step.message == null ? before(event.step().messageId().value()) : step.message;
    for (var part : content) {
      // Earlier versions stream no refusals.
      if (part instanceof ContentPart.Refusal(var text) && step.refusal.isEmpty()) {
        out.add(new RunUpdate.ItemDelta(place, ItemText.REFUSAL, text));
      }
    }
    var status = isComplete ? Status.COMPLETED : Status.INCOMPLETE;
    out.add(new RunUpdate.ItemEnded(new RunItem.Message(place, status, content)));
    step.message = null;
  }

  /** The call at this index starts. */
  void callStarted(StreamEvent event, int index, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    endText(step, Status.COMPLETED, out);
    var call = event.call();
    var begun = ToolCall.started(call.id(), call.type(), call.name());
    var open = new OpenCall(next(call.id().value()), begun, toolOf(call.name()));
    step.calls.put(index, open);
    out.add(new RunUpdate.ItemStarted(RunItem.Call.started(open.place, begun, open.tool)));
  }

  /** A call was routed to another assistant. */
  void callRouted(StreamEvent event, List<RunUpdate> out) {
    callsReady(open(event.step().ordinal()), event.step(), Status.COMPLETED, out);
  }

  /** The call at this index has its output. */
  void callCompleted(StreamEvent event, int index, List<RunUpdate> out) {
    var step = open(event.step().ordinal());
    callsReady(step, event.step(), Status.COMPLETED, out);
    var open = call(step, event.step(), index);
    if (open != null && !open.isEnded) {
      end(open, event.call(), Status.COMPLETED, out);
    }
  }

  private void end(OpenCall open, ToolCall call, Status status, List<RunUpdate> out) {
    open.isEnded = true;
    out.add(new RunUpdate.ItemEnded(RunItem.Call.of(open.place, status, call, open.tool)));
  }

  /** The calls of the step are complete: the run waits for the outputs of some of them. */
  void paused(Step step, List<RunUpdate> out) {
    var open = open(step.ordinal());
    endText(open, Status.COMPLETED, out);
    callsReady(open, step, Status.COMPLETED, out);
  }

  /** A step ends, and with it all its items. */
  void stepEnded(Step step, List<RunUpdate> out) {
    var open = open(step.ordinal());
    var status = step.status() == Step.Status.COMPLETED ? Status.COMPLETED : Status.INCOMPLETE;
    endItems(open, step, status, out);
    steps.remove(step.ordinal());
  }

  /** The run ends. Steps that are still open have no row, or none any more. */
  void runEnded(List<RunUpdate> out) {
    steps.values().forEach(open -> endItems(open, null, Status.INCOMPLETE, out));
    steps.clear();
  }

  private void endItems(OpenStep open, Step step, Status status, List<RunUpdate> out) {
    endText(open, status, out);
    if (open.message != null && open.message.index() != Place.BEFORE) {
      out.add(
          new RunUpdate.ItemEnded(new RunItem.Message(open.message, Status.INCOMPLETE, List.of())));
    }
    callsReady(open, step, status, out);
    for (int i = 0; step != null && i < step.calls().size(); i++) {
      var each = call(open, step, i);
      if (!each.isEnded) {
        end(each, step.calls().get(i), status, out);
      }
    }
    for (var each : open.calls.values()) {
      if (!each.isEnded) {
        end(each, each.call, Status.INCOMPLETE, out);
      }
    }
  }

  /**
   * Reports the calls that are not known to be ready, and the state of the reasoning.
   *
   * @param status of the step; in one that was cut off the client cannot answer any call
   */
  private void callsReady(OpenStep open, Step step, Status status, List<RunUpdate> out) {
    var state = step == null ? null : step.reasoning().thoughts();
    if (state != null && !open.isStateKnown) {
      open.isStateKnown = true;
      out.add(new RunUpdate.ReasoningStored(open.lastReasoning, state));
    }
    open.calls.forEach(
        (index, each) -> {
          if (!each.isReady) {
            each.isReady = true;
            each.call =
                step != null && index < step.calls().size() ? step.calls().get(index) : each.call;
            if (status == Status.INCOMPLETE && each.call.executor().awaitsClient()) {
              return;
            }
            out.add(
                new RunUpdate.CallReady(
                    RunItem.Call.of(each.place, Status.IN_PROGRESS, each.call, each.tool)));
          }
        });
  }

  /** The call at this index; one that started before the stream is known from the step only. */
  private OpenCall call(OpenStep open, Step step, int index) {
    var known = open.calls.get(index);
    if (known != null || step == null || index >= step.calls().size()) {
      return known;
    }
    var call = step.calls().get(index);
    var earlier = new OpenCall(before(call.id().value()), call, toolOf(call.name()));
    earlier.isReady = true;
    open.calls.put(index, earlier);
    return earlier;
  }

  private ToolSpec toolOf(String function) {
    return toolsets.specOf(tools, function).orElse(null);
  }
}
