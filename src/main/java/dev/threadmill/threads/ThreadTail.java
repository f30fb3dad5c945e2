package dev.threadmill.threads;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * What an active run changes about its thread: the time of the newest entry, behind which all later
 * messages of the thread are placed whatever the clock of a node shows, and its assistant.
 */
@ApplicationScoped
public class ThreadTail {
  /** Moves the tail of a thread forward to this time, and locks the thread by that. */
  public void advance(Tx tx, ThreadId thread, Instant at) {
    tx.defer("UPDATE threads SET tail = GREATEST(tail, ?) WHERE id = ?", at, thread);
  }

  /** This moment, but for each thread later than its tail. */
  public Map<ThreadId, Instant> after(Tx tx, Collection<ThreadId> threads, Instant now) {
    var times = new HashMap<ThreadId, Instant>();
    if (!threads.isEmpty()) {
      tx.list(
          "SELECT id, GREATEST(tail + interval '1 microsecond', ?) AS at FROM threads"
              + " WHERE id = ANY (?)",
          row -> times.put(row.text("id", ThreadId::new), row.instant("at")),
          now,
          threads);
    }
    return times;
  }

  /** Sets the assistant that runs on the thread have if they name none. */
  public void setAssistant(Tx tx, ThreadId thread, AssistantId assistant) {
    tx.update("UPDATE threads SET assistant_id = ? WHERE id = ?", assistant, thread);
  }
}
