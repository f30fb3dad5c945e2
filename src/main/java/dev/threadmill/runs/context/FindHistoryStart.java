package dev.threadmill.runs.context;

import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.store.CompactionStore;
import dev.threadmill.runs.store.HistoryStart;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;

/** Finds where the history of a thread begins for prompts: behind its newest compaction. */
@ApplicationScoped
public class FindHistoryStart {
  /** The metadata of a message that is itself a summary, as earlier versions added to threads. */
  private static final String MARKER = "compaction";

  private static final Instant NO_END = Instant.parse("9999-12-31T00:00:00Z");

  private final CompactionStore compactions;
  private final MessageStore messages;

  FindHistoryStart(CompactionStore compactions, MessageStore messages) {
    this.compactions = compactions;
    this.messages = messages;
  }

  /**
   * The start of the history.
   *
   * @param time before which the compaction was complete; null for now
   */
  public HistoryStart of(ThreadId thread, Instant time) {
    var until = time == null ? NO_END : time;
    var compacted = compactions.newest(thread, until).orElse(HistoryStart.BEGINNING);
    return messages
        .newestMarked(thread, MARKER, until)
        .filter(at -> at.isAfter(compacted.from()))
        .map(at -> new HistoryStart(at, null))
        .orElse(compacted);
  }
}
