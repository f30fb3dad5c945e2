package dev.threadmill.runs;

import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.threads.Message;
import java.util.List;

/**
 * A run that this node has claimed in a committed transaction.
 *
 * @param position in its event log before the claim
 * @param events what the claim added behind that position
 * @param steps what the run did before
 * @param messages all messages of its thread if they are in memory, so that they need not be read;
 *     else null
 */
public record ClaimedRun(
    Run run, EventId position, List<StreamEvent> events, List<Step> steps, List<Message> messages) {
  /** A claimed run whose thread has to be read. */
  public ClaimedRun(Run run, EventId position, List<StreamEvent> events, List<Step> steps) {
    this(run, position, events, steps, null);
  }
}
