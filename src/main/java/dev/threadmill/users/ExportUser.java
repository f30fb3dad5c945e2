package dev.threadmill.users;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.privacy.Privacy;
import dev.threadmill.privacy.Revealer;
import dev.threadmill.privacy.Tokenizer;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes what a project holds about a user as lines of JSON, some rows at a time: threads, and what
 * belongs to each of them.
 */
@ApplicationScoped
class ExportUser {
  static final String JSONL = "application/jsonl";

  /** A row may have a megabyte. */
  private static final int ROWS = 20;

  private static final String FROM_THREAD =
      " WHERE t.thread_id = ? AND %1$s > ? ORDER BY %1$s LIMIT ?";

  /** What a thread has, by the name of the objects: rows with a key and a value. */
  private static final Map<String, String> OF_THREAD = new LinkedHashMap<>();

  static {
    OF_THREAD.put(
        "message",
        "SELECT t.id AS key, to_jsonb(t) - 'tokens' AS value FROM messages t"
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "run",
        """
        SELECT t.id AS key, jsonb_build_object('id', t.id, 'thread_id', t.thread_id,
          'assistant_id', t.assistant_id, 'created_at', t.created_at, 'status', t.status,
          'model', t.model, 'instructions', t.instructions, 'last_error', t.last_error,
          'metadata', t.metadata) AS value FROM runs t\
        """
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "step",
        "SELECT t.id AS key, to_jsonb(t) AS value FROM run_steps t"
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "tool_call",
        """
        SELECT t.id AS key, jsonb_build_object('id', t.id, 'thread_id', t.thread_id,
          'run_id', t.run_id, 'step_id', t.step_id, 'type', t.type, 'name', t.name,
          'arguments', t.arguments, 'output', t.output) AS value FROM tool_calls t\
        """
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "response",
        """
        SELECT t.id AS key, jsonb_build_object('id', t.id, 'thread_id', t.thread_id,
          'run_id', t.run_id, 'created_at', t.created_at, 'request', t.request, 'input', t.input)
          AS value FROM responses t\
        """
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "memory",
        "SELECT t.id AS key, to_jsonb(t) AS value FROM memory_facts t"
            + FROM_THREAD.formatted("t.id"));
    OF_THREAD.put(
        "summary",
        "SELECT lpad(t.version::text, 10, '0') AS key, to_jsonb(t) AS value FROM memory_summaries t"
            + FROM_THREAD.formatted("lpad(t.version::text, 10, '0')"));
  }

  private static final String THREADS =
      """
      SELECT t.id AS key, jsonb_build_object('id', t.id, 'created_at', t.created_at,
        'assistant_id', t.assistant_id, 'status', t.status, 'metadata', t.metadata) AS value
      FROM threads t WHERE t.project_id = ?
        AND t.metadata @> jsonb_build_object('user', ?::text) AND t.id > ? ORDER BY t.id LIMIT ?
      """;

  private static final String EVENTS =
      """
      SELECT e.id AS key, e.payload AS value FROM event_log e
      WHERE e.project_id = ? AND e.payload ->> 'thread_id' = ? AND e.id > ? ORDER BY e.id LIMIT ?
      """;

  private static final String FILES =
      """
      SELECT f.id AS key, jsonb_build_object('id', f.id, 'filename', f.filename, 'bytes', f.bytes,
        'created_at', f.created_at, 'purpose', f.purpose) AS value
      FROM files f WHERE f.project_id = ? AND f.id = ANY(?) AND f.id > ? ORDER BY f.id LIMIT ?
      """;

  private final Jdbc jdbc;
  private final UserDataStore store;
  private final Privacy privacy;
  private final Revealer revealer;
  private final Tokenizer tokenizer;

  ExportUser(
      Jdbc jdbc, UserDataStore store, Privacy privacy, Revealer revealer, Tokenizer tokenizer) {
    this.jdbc = jdbc;
    this.store = store;
    this.privacy = privacy;
    this.revealer = revealer;
    this.tokenizer = tokenizer;
  }

  private record Item(String key, JsonNode value) {}

  /** What is done with the key of each row. */
  private interface Each {
    void accept(String key) throws IOException;
  }

  /** Writes all lines. */
  void write(ProjectId project, String user, OutputStream out) throws IOException {
    var known = tokenizer.forSearch(project, user);
    var buffered = new BufferedOutputStream(out);
    pages(
        project,
        "thread",
        after -> rows(THREADS, project, known, after, ROWS),
        buffered,
        thread -> writeThread(project, new ThreadId(thread), buffered));
    buffered.flush();
  }

  private void writeThread(ProjectId project, ThreadId thread, OutputStream out)
      throws IOException {
    for (var kind : OF_THREAD.entrySet()) {
      pages(
          project,
          kind.getKey(),
          after -> rows(kind.getValue(), thread, after, ROWS),
          out,
          _ -> {});
    }
    pages(project, "event", after -> rows(EVENTS, project, thread, after, ROWS), out, _ -> {});
    var files = store.files(project, List.of(thread));
    pages(project, "file", after -> rows(FILES, project, files, after, ROWS), out, _ -> {});
  }

  private List<Item> rows(String sql, Object... params) {
    return jdbc.list(
        sql, row -> new Item(row.text("key"), row.json("value", JsonNode.class)), params);
  }

  private void pages(
      ProjectId project,
      String object,
      Function<String, List<Item>> page,
      OutputStream out,
      Each then)
      throws IOException {
    var items = page.apply("");
    while (!items.isEmpty()) {
      for (var item : items) {
        var line = Json.MAPPER.createObjectNode().put("object", object);
        line.set("data", item.value());
        var revealed =
            revealer.inJson(project, privacy.policy(project).revealed(), Json.write(line));
        out.write((revealed + "\n").getBytes(StandardCharsets.UTF_8));
        then.accept(item.key());
      }
      items = items.size() < ROWS ? List.of() : page.apply(items.getLast().key());
    }
  }
}
