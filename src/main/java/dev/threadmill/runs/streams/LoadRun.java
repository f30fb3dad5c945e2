package dev.threadmill.runs.streams;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.api.heap.MemoryPermits;
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
import java.util.ArrayList;
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
  private final MemoryPermits replayPermits = ReplayPermit.permits();

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

  /** The permit of one reader. */
  ReplayPermit permit(ProjectId project) {
    return new ReplayPermit(replayPermits, project);
  }

  /** Acquires the heap for an answer that shows these runs. */
  void reserve(List<Run> runs) {
    AnswerMemory.current().reserve(() -> steps.characters(runs));
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

  /**
   * What the database has of several runs but their threads, in three statements. Runs that have
   * not ended cost further ones.
   */
  List<StoredRun> loadAll(List<Run> wanted) {
    var journals = new HashMap<RunId, List<StoredRun.JournalEntry>>();
    for (var run : wanted) {
      if (run.owner() != null) {
        journals.put(run.id(), journal(run.threadId(), run.id(), 0, END_OF_LOG));
      }
    }
    // As for one run: a run that has a journal is read again behind it.
    var current = new ArrayList<Run>();
    for (var run : wanted) {
      if (!journals.containsKey(run.id())) {
        current.add(run);
      } else {
        runs.find(run.projectId(), run.threadId(), run.id()).ifPresent(current::add);
      }
    }
    var stepsOfRuns = steps.ofRuns(current);
    var threadsOfMessages = new HashMap<MessageId, ThreadId>();
    stepsOfRuns
        .values()
        .forEach(
            all ->
                all.stream()
                    .filter(step -> step.messageId() != null)
                    .forEach(step -> threadsOfMessages.put(step.messageId(), step.threadId())));
    var found = new HashMap<String, Message>();
    if (!threadsOfMessages.isEmpty()) {
      messages.findAll(threadsOfMessages).forEach(each -> found.put(each.id().value(), each));
    }
    return current.stream()
        .map(
            run ->
                new StoredRun(
                    run,
                    stepsOfRuns.getOrDefault(run.id(), List.of()),
                    found,
                    null,
                    journals.getOrDefault(run.id(), List.of()),
                    handedTo(run)))
        .toList();
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
