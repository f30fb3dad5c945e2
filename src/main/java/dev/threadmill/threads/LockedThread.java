package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.time.Instant;

/**
 * A thread whose row is locked until the transaction ends, so that no other transaction adds
 * messages or runs.
 *
 * @param firstMessageAt the time of the first of the messages that the lock has reserved times for;
 *     each further message is a microsecond later
 * @param activeRun the run that is active on it; null if there is none
 */
public record LockedThread(
    ThreadId id,
    ProjectId projectId,
    AssistantId assistantId,
    ConversationThread.Status status,
    Instant firstMessageAt,
    RunId activeRun) {

  /** A thread that this transaction has inserted. */
  public static LockedThread created(ConversationThread thread, Instant firstMessageAt) {
    return new LockedThread(
        thread.id(),
        thread.projectId(),
        thread.assistantId(),
        thread.status(),
        firstMessageAt,
        null);
  }

  /** Without an active run. */
  public LockedThread withoutActiveRun() {
    return new LockedThread(id, projectId, assistantId, status, firstMessageAt, null);
  }

  /** With this time for the first message that is added. */
  public LockedThread withFirstMessageAt(Instant at) {
    return new LockedThread(id, projectId, assistantId, status, at, activeRun);
  }

  /** Answers 400 if clients may not add messages now. */
  public LockedThread requireOpenForMessages() {
    requireNotArchived();
    if (activeRun != null) {
      throw new ActiveRunException(
          "Can't add messages to %s while a run %s is active.".formatted(id, activeRun));
    }
    return this;
  }

  /** Answers 400 if no run may be started now. */
  public LockedThread requireOpenForRuns() {
    requireNotArchived();
    if (activeRun != null) {
      throw new ActiveRunException(id, activeRun);
    }
    return this;
  }

  /** Answers 400 if nothing may be deleted now. */
  public LockedThread requireIdle(String what) {
    if (activeRun != null) {
      throw new ActiveRunException(
          "Can't delete %s while a run %s is active.".formatted(what, activeRun));
    }
    return this;
  }

  private void requireNotArchived() {
    if (status == ConversationThread.Status.ARCHIVED) {
      throw ApiException.invalidState(
          "Thread %s is archived. Set its status to 'active' first.".formatted(id));
    }
  }
}
