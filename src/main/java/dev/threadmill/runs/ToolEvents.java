package dev.threadmill.runs;

import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Passes the outputs and the results of the calls of a step from the threads that execute them to
 * the run's thread. It holds at most two notifications per call.
 */
final class ToolEvents {
  private final ToolOutputFilter filter;
  private final BlockingQueue<Notification> notifications = new LinkedBlockingQueue<>();

  /**
   * @param filter for the outputs of the calls
   */
  ToolEvents(ToolOutputFilter filter) {
    this.filter = filter;
  }

  private sealed interface Notification {
    record Ended(CallResult result) implements Notification {}

    record OutputAvailable(ToolOutputBuffer buffer) implements Notification {}
  }

  /** A call has ended with this result. */
  void ended(CallResult result) {
    notifications.add(new Notification.Ended(result));
  }

  /** The buffer for the output of a call that is about to be executed. */
  ToolOutputBuffer buffer(int index, ToolCall call) {
    return new ToolOutputBuffer(
        index,
        call.partial(),
        filter,
        buffer -> notifications.add(new Notification.OutputAvailable(buffer)));
  }

  /**
   * Waits for at least one result, and publishes the output of the other calls meanwhile.
   *
   * @throws InterruptedException if the run was stopped
   */
  List<CallResult> awaitResults(RunExecution execution) throws InterruptedException {
    var ended = new ArrayList<CallResult>();
    var buffers = new ArrayList<ToolOutputBuffer>();
    while (ended.isEmpty()) {
      long pause =
          buffers.stream()
              .mapToLong(each -> each.timeUntilDue().toNanos())
              .min()
              .orElse(Long.MAX_VALUE);
      var next =
          execution.live().interruptibly(() -> notifications.poll(pause, TimeUnit.NANOSECONDS));
      for (; next != null; next = notifications.poll()) {
        switch (next) {
          case Notification.Ended(var result) -> ended.add(result);
          case Notification.OutputAvailable(var buffer) -> buffers.add(buffer);
        }
      }
      boolean ends = !ended.isEmpty();
      var due = buffers.stream().filter(each -> ends || each.timeUntilDue().isZero()).toList();
      due.forEach(buffer -> publish(execution, buffer));
      buffers.removeAll(due);
    }
    return ended;
  }

  /** Publishes the output of a call. It is journaled first, so that a takeover has it. */
  private static void publish(RunExecution execution, ToolOutputBuffer buffer) {
    var live = execution.live();
    var more = buffer.drain();
    var step = live.openStep();
    var calls = new ArrayList<>(step.calls());
    calls.set(buffer.index(), calls.get(buffer.index()).withPartial(more));
    live.setOpenStep(step.with(calls));
    publish(live, step, DeltaTarget.of(StreamedText.TASK, step, buffer.index()), more.task());
    publish(
        live, step, DeltaTarget.of(StreamedText.PROGRESS, step, buffer.index()), more.progress());
    publish(live, step, DeltaTarget.of(StreamedText.OUTPUT, step, buffer.index()), more.output());
  }

  private static void publish(LiveRun live, Step step, DeltaTarget target, String text) {
    if (!text.isEmpty()) {
      var type = step.calls().get(target.call()).type();
      live.events().publishAfterJournal(StreamEvents.outputDelta(step, target, type, text));
    }
  }
}
