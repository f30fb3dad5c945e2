package dev.threadmill.runs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Optional;

/** Finds the summaries by which runs have replaced the history of their thread. */
@ApplicationScoped
public class CompactionStore {
  private static final String BEFORE = "before";

  private final Jdbc jdbc;

  CompactionStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The arguments of the call that summarizes what a thread has before this time. */
  public static String arguments(Instant before) {
    return Json.MAPPER.createObjectNode().put(BEFORE, before.toString()).toString();
  }

  /** The time before which a call of these {@link #arguments} summarizes the thread. */
  public static Instant before(ToolCall call) {
    return Instant.parse(Json.tree(call.arguments()).path(BEFORE).asText());
  }

  /**
   * Where the history begins behind the newest summary of a thread that was complete before this
   * time; empty if there is none.
   */
  public Optional<HistoryStart> newest(ThreadId thread, Instant time) {
    return jdbc.one(
        """
        SELECT c.arguments::json AS arguments, c.output FROM run_steps s
        JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
        WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.created_at < ?
          AND s.status = 'completed' AND c.type = 'compaction' AND c.output <> ''
        ORDER BY s.created_at DESC LIMIT 1
        """,
        row ->
            new HistoryStart(
                Instant.parse(row.json("arguments", JsonNode.class).path(BEFORE).asText()),
                row.text("output")),
        thread,
        time);
  }
}
