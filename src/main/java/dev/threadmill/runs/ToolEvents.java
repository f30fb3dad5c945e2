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
 * What the calls of a step tell while they are executed, and what comes of them, from the threads
 * that execute them to the run's own. It holds at most two things a call.
 *
 * @param <R> what comes of a call
 */
final class ToolEvents<R> {
  private final ToolOutputFilter filter;
  private final BlockingQueue<Notification<R>> notifications = new LinkedBlockingQueue<>();

  /**
   * @param filter of what tools answer
   */
  ToolEvents(ToolOutputFilter filter) {
    this.filter = filter;
  }

  private sealed interface Notification<R> {
    record Ended<R>(R result) implements Notification<R> {}

    record OutputAvailable<R>(ToolOutputBuffer hearing) implements Notification<R> {}
  }

  /** A call has come to this. */
  void ended(R result) {
    notifications.add(new Notification.Ended<>(result));
  }

  /** By which a call is heard that is about to be executed. */
  ToolOutputBuffer buffer(int place, ToolCall call) {
    return new ToolOutputBuffer(
        place,
        call.partial(),
        filter,
        hearing -> notifications.add(new Notification.OutputAvailable<>(hearing)));
  }

  /**
   * What has come of calls meanwhile, one at least; what others tell until then is told to clients.
   *
   * @throws InterruptedException if the run was stopped
   */
  List<R> awaitResults(RunExecution progress) throws InterruptedException {
    var ended = new ArrayList<R>();
    var heard = new ArrayList<ToolOutputBuffer>();
    while (ended.isEmpty()) {
      long pause =
          heard.stream()
              .mapToLong(each -> each.timeUntilDue().toNanos())
              .min()
              .orElse(Long.MAX_VALUE);
      var next =
          progress.live().interruptibly(() -> notifications.poll(pause, TimeUnit.NANOSECONDS));
      for (; next != null; next = notifications.poll()) {
        switch (next) {
          case Notification.Ended<R>(var result) -> ended.add(result);
          case Notification.OutputAvailable<R>(var hearing) -> heard.add(hearing);
        }
      }
      boolean ends = !ended.isEmpty();
      var due = heard.stream().filter(hearing -> ends || hearing.timeUntilDue().isZero()).toList();
      due.forEach(hearing -> publish(progress, hearing));
      heard.removeAll(due);
    }
    return ended;
  }

  /** Tells what a call has told, which is journaled first: whoever takes over has to know it. */
  private static void publish(RunExecution progress, ToolOutputBuffer hearing) {
    var live = progress.live();
    var more = hearing.drain();
    var step = live.openStep();
    var calls = new ArrayList<>(step.calls());
    calls.set(hearing.place(), calls.get(hearing.place()).withPartial(more));
    live.setOpenStep(step.with(calls));
    live.events().startJournaling();
    publish(live, step, StreamedText.TASK.of(step, hearing.place()), more.task());
    publish(live, step, StreamedText.PROGRESS.of(step, hearing.place()), more.progress());
    publish(live, step, StreamedText.OUTPUT.of(step, hearing.place()), more.output());
  }

  private static void publish(LiveRun live, Step step, DeltaTarget target, String text) {
    if (!text.isEmpty()) {
      live.events().publish(StreamEvents.delta(step, target, text));
    }
  }
}
