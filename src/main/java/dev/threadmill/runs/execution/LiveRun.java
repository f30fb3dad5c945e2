package dev.threadmill.runs.execution;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.threads.Message;
import java.util.List;
import java.util.function.Consumer;

/** A run that this node executes: its events, and the token that stops it. */
public final class LiveRun extends CancellationToken {
  private final Run run;
  private final List<Message> initialMessages;
  private final LiveEventLog events;
  private int commitCount;
  private volatile Step openStep;
  private volatile String timeBudget;

  /**
   * @param run as it was claimed
   * @param base the position at which this node takes over
   * @param journal called when there are events to journal
   * @param initialMessages all messages of the thread as the run starts, if they are at hand; else
   *     null
   */
  public LiveRun(Run run, EventId base, Consumer<LiveRun> journal, List<Message> initialMessages) {
    this.run = run;
    this.initialMessages = initialMessages;
    this.events =
        new LiveEventLog(
            base,
            run.settings().exactReplay(),
            () -> journal.accept(this),
            () -> stopReason() != null);
  }

  /** The run as it was claimed. */
  public Run claimedRun() {
    return run;
  }

  /** All messages of the thread as the run starts, if they are at hand; else null. */
  public List<Message> initialMessages() {
    return initialMessages;
  }

  /** The events that are published here. */
  public LiveEventLog events() {
    return events;
  }

  /** The step that is committed without all outputs, whose calls this node executes; or null. */
  public Step openStep() {
    return openStep;
  }

  /** Sets {@link #openStep}. */
  public void setOpenStep(Step step) {
    openStep = step;
  }

  /** How often this attempt has committed; counted by the run's own thread. */
  public int commitCount() {
    return commitCount;
  }

  /** Counts one more commit of this attempt. */
  public void countCommit() {
    commitCount++;
  }

  /**
   * Stops the run since a budget of time is used up.
   *
   * @param budget whose it is, such as {@code project}
   */
  void stopForTime(String budget) {
    timeBudget = budget;
    stop(StopReason.TIME_USED);
  }

  /** Whose budget of time has stopped the run, such as {@code project}. */
  public String timeBudget() {
    return timeBudget;
  }

  /** This node is done with the run, whether or not the run has ended. */
  public void close() {
    events.close();
  }

  @Override
  public void stop(StopReason why) {
    super.stop(why);
    events.stopWaiting();
  }
}
