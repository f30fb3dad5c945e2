package dev.threadmill.runs.streams;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.StoredRun.JournalEntry;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadObject;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Loads what the database has of a run, from which its events can be replayed. */
@ApplicationScoped
public class LoadRun {
  /** About how many bytes of the journal a reader loads at a time. */
  private static final int PART_BYTES = 64 * 1024;

  /** A position after all events, which loads the whole journal. */
  private static final EventId END_OF_LOG = new EventId(0, Long.MAX_VALUE, 0, false, false);

  private final RunStore runs;
  private final RunJournal journal;
  private final ChildRunStore children;
  private final StepStore steps;
  private final MessageStore messages;
  private final ThreadStore threads;

  LoadRun(
      RunStore runs,
      RunJournal journal,
      ChildRunStore children,
      StepStore steps,
      MessageStore messages,
      ThreadStore threads) {
    this.children = children;
    this.journal = journal;
    this.runs = runs;
    this.steps = steps;
    this.messages = messages;
    this.threads = threads;
  }

  /** Everything that the database has of the run. */
  public Optional<StoredRun> load(ProjectId project, ThreadId thread, RunId id) {
    return load(project, thread, id, END_OF_LOG);
  }

  /**
   * What the database has for a reader at this position; of a long journal the next part.
   *
   * <p>The journal is read before the rows. Events that move to the rows in between are read twice
   * rather than not at all, and their positions show it.
   */
  Optional<StoredRun> load(ProjectId project, ThreadId thread, RunId id, EventId seen) {
    var entries = journal(thread, id, 0, seen);
    return runs.find(project, thread, id)
        .map(
            run -> {
              var stepsOfRun = steps.ofRun(run);
              return new StoredRun(
                  run,
                  stepsOfRun,
                  messagesOf(run, stepsOfRun),
                  threadOf(run),
                  entries,
                  handedTo(run));
            });
  }

  private StoredRun handedTo(Run run) {
    return run.owner() == null && !run.status().isTerminal() && run.settings().canRoute()
        ? children
            .handoffTarget(run)
            .flatMap(other -> load(run.projectId(), other.thread(), other.run()))
            .orElse(null)
        : null;
  }

  /**
   * As {@link #load(ProjectId, ThreadId, RunId, EventId)}, but only the journal behind the reader.
   * Empty if the step at that position was committed since, or the run was taken over.
   */
  Optional<StoredRun> loadJournalAfter(ProjectId project, ThreadId thread, RunId id, EventId seen) {
    var entries = journal(thread, id, seen.position(), seen);
    return runs.find(project, thread, id)
        .filter(run -> run.attempt() == seen.attempt())
        .filter(run -> EventLog.length(EventLog.parse(run.eventLog())) <= seen.position())
        .filter(run -> run.owner() != null)
        .map(run -> new StoredRun(run, List.of(), Map.of(), null, entries, null));
  }

  private List<JournalEntry> journal(ThreadId thread, RunId id, long from, EventId seen) {
    return journal.read(thread, id, from, seen.position(), PART_BYTES);
  }

  private Map<String, Message> messagesOf(Run run, List<Step> stepsOfRun) {
    List<MessageId> ids =
        stepsOfRun.stream().map(Step::messageId).filter(Objects::nonNull).toList();
    var found = new HashMap<String, Message>();
    if (!ids.isEmpty()) {
      messages.findAll(run.threadId(), ids).forEach(m -> found.put(m.id().value(), m));
    }
    return found;
  }

  private ThreadObject threadOf(Run run) {
    boolean together =
        EventLog.parse(run.eventLog()).stream().anyMatch(RunEvent.ThreadCreated.class::isInstance);
    return together
        ? threads.find(run.projectId(), run.threadId()).map(ThreadObject::of).orElse(null)
        : null;
  }
}
