package dev.threadmill.runs.api;

import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.streams.EventEncoder;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** Translates the events of a run into updates, in their order. One for each stream. */
final class UpdateTranslator {
  private static final String CREATED = "created";

  private final ItemTracker items;
  private boolean hasBegun;

  UpdateTranslator(ItemTracker items) {
    this.items = items;
  }

  /** The updates that follow from the next event. */
  List<RunUpdate> updates(StreamEvent event) {
    var updates = new ArrayList<RunUpdate>();
    switch (event.event()) {
      case RunEvent.RunStatusChanged status -> runStatus(event, status, updates);
      case RunEvent.MessageStatusChanged(_, var state) -> messageStatus(event, state, updates);
      case RunEvent.StepStatusChanged(_, var state) -> {
        if (!state.equals("in_progress")) {
          items.stepEnded(event.step(), updates);
        }
      }
      case RunEvent.Delta(var target, _, var text) ->
          items.delta(event, target.text(), target.call(), text, updates);
      case RunEvent.AnnotationAdded(_, var index, var annotation) ->
          items.annotation(event, index, annotation, updates);
      case RunEvent.CallStarted(_, var call, _) -> items.callStarted(event, call, updates);
      case RunEvent.CallRouted _ -> items.callRouted(event, updates);
      case RunEvent.CallCompleted(_, var call, _) -> items.callCompleted(event, call, updates);
      case RunEvent.StepCreated(var step, _, _) -> items.stepStarted(step);
      case RunEvent.AttemptStarted(var attempt) -> {
        // A stream that begins with the attempt has nothing of the one before.
        if (attempt > 1 && hasBegun) {
          updates.add(new RunUpdate.TakenOver(attempt));
        }
      }
      case RunEvent.ThreadCreated _, RunEvent.ImageAdded _ -> {
        // No item shows these; the message that ends has its images.
      }
    }
    hasBegun = true;
    return updates;
  }

  private void runStatus(
      StreamEvent event, RunEvent.RunStatusChanged status, List<RunUpdate> updates) {
    if (status.state().equals(CREATED)) {
      items.setTools(event.run().settings().tools());
      return;
    }
    if (status.isPause() && event.step() != null) {
      items.paused(event.step(), updates);
    } else if (status.isTerminal()) {
      items.runEnded(updates);
    }
    updates.add(new RunUpdate.StatusChanged(RunSnapshot.of((RunObject) event.data(), event.run())));
  }

  private void messageStatus(StreamEvent event, String state, List<RunUpdate> updates) {
    switch (state) {
      case CREATED -> items.messageStarted(event, updates);
      case "completed", "incomplete" ->
          items.messageEnded(event, state.equals("completed"), updates);
      default -> {
        // It has started before.
      }
    }
  }

  /** The events in the form of a protocol. */
  EventEncoder encodedBy(RunUpdateEncoder encoder) {
    return new EventEncoder() {
      @Override
      public byte[] encode(SseFrame frame) {
        var updates = updates(frame.streamEvent());
        var bytes = new ByteArrayOutputStream();
        boolean isEncoded = false;
        for (int i = 0; i < updates.size(); i++) {
          // A reader that resumes behind this id has received all updates of the event.
          var id = i == updates.size() - 1 ? frame.id().toString() : null;
          var encoded = encoder.encode(id, updates.get(i));
          if (encoded != null) {
            bytes.writeBytes(encoded);
            isEncoded = true;
          }
        }
        return isEncoded ? bytes.toByteArray() : null;
      }

      @Override
      public Buffer end() {
        return Buffer.buffer(encoder.end());
      }
    };
  }
}
