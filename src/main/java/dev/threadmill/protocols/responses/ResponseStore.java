package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table of responses. They are deleted with their thread. */
@ApplicationScoped
class ResponseStore implements ThreadLifecycle {
  /** The constraint that only one response continues another one in its thread. */
  static final String ONE_CONTINUES = "responses_continues_key";

  private static final String COLUMNS =
      """
      id, project_id, thread_id, run_id, created_at, start, previous_id, continues, conversation,
      background, stored, request, input, system\
      """;

  private final Jdbc jdbc;

  ResponseStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  void insert(Tx tx, StoredResponse response) {
    tx.defer(
        "INSERT INTO responses ("
            + COLUMNS
            + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::json, ?::json, ?)",
        response.id(),
        response.project(),
        response.thread(),
        response.run(),
        response.created(),
        response.start(),
        response.previous(),
        response.continues(),
        response.conversation(),
        response.background(),
        response.stored(),
        response.request().toString(),
        response.input().toString(),
        response.system().isEmpty() ? null : response.system());
  }

  /** The response; empty if the project has none of this id, or it was not stored. */
  Optional<StoredResponse> find(ProjectId project, String id) {
    return Keyset.of(COLUMNS, "responses")
        .within("project_id = ?", project)
        .within("stored")
        .find(
            id,
            Keyset.counted(jdbc, ResponseStore::read),
            Keyset.sizeExpression("request", "input", "system"));
  }

  /**
   * A response and those before it in its chain.
   *
   * @param ids newest first, up to one of a conversation or to the first one beyond a limit
   * @param characters of the inputs of those that are not of a conversation, together
   */
  record Chain(List<String> ids, long characters) {}

  /**
   * The chain that ends with a response. Reads no input.
   *
   * @param maxResponses behind which the chain is not followed
   * @param maxCharacters of inputs behind which it is not followed
   */
  Chain chain(ProjectId project, String last, int maxResponses, long maxCharacters) {
    var ids = new ArrayList<String>();
    var characters = new long[1];
    jdbc.list(
        """
        WITH RECURSIVE chain AS (
          SELECT r.id, r.project_id, r.previous_id, r.conversation, 1 AS place,
            CASE WHEN r.conversation THEN 0 ELSE length(r.input::text)::bigint END AS characters
          FROM responses r
          WHERE r.id = ? AND r.project_id = ? AND r.stored
          UNION ALL
          SELECT r.id, r.project_id, r.previous_id, r.conversation, c.place + 1,
            c.characters + CASE WHEN r.conversation THEN 0 ELSE length(r.input::text) END
          FROM chain c JOIN responses r ON r.id = c.previous_id
          WHERE NOT c.conversation AND r.project_id = c.project_id AND r.stored
            AND c.place <= ? AND c.characters <= ?)
        SELECT id, characters FROM chain ORDER BY place
        """,
        row -> {
          characters[0] = row.bigint("characters");
          return ids.add(row.text("id"));
        },
        last,
        project,
        maxResponses,
        maxCharacters);
    return new Chain(ids, characters[0]);
  }

  /** Those of the responses that exist, in any order. */
  List<StoredResponse> findAll(ProjectId project, List<String> ids) {
    return jdbc.list(
        "SELECT " + COLUMNS + " FROM responses WHERE id = ANY(?) AND project_id = ? AND stored",
        ResponseStore::read,
        ids,
        project);
  }

  /** The newest response of a thread. */
  Optional<StoredResponse> newestOf(ThreadId thread) {
    return jdbc.one(
        "SELECT "
            + COLUMNS
            + " FROM responses WHERE thread_id = ? ORDER BY created_at DESC, id DESC LIMIT 1",
        ResponseStore::read,
        thread);
  }

  /** Whether another response goes on behind this one in its thread. */
  boolean isContinued(String id) {
    return jdbc.one(
            "SELECT 1 AS one FROM responses WHERE continues = ?", row -> row.integer("one"), id)
        .isPresent();
  }

  /**
   * Deletes a response.
   *
   * @return whether its thread has no other one
   */
  boolean delete(Tx tx, StoredResponse response) {
    tx.update("DELETE FROM responses WHERE id = ?", response.id());
    return tx.one(
            "SELECT 1 AS one FROM responses WHERE thread_id = ? LIMIT 1",
            row -> row.integer("one"),
            response.thread())
        .isEmpty();
  }

  /** Deletes a response and leaves its thread. */
  void deleteAndCommit(StoredResponse response) {
    jdbc.runInTransaction(tx -> delete(tx, response));
  }

  /**
   * Responses that are not stored and were created before this time, oldest first.
   *
   * @param after the last one of the page before; null for the first page
   */
  List<StoredResponse> unstoredBefore(Instant time, StoredResponse after, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM responses WHERE NOT stored AND created_at < ? AND (created_at, id) > (?, ?)"
            + " ORDER BY created_at, id LIMIT ?",
        ResponseStore::read,
        time,
        after == null ? Instant.EPOCH : after.created(),
        after == null ? "" : after.id(),
        limit);
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    tx.defer("DELETE FROM responses WHERE thread_id = ?", thread);
  }

  private static StoredResponse read(Row row) throws SQLException {
    var system = row.text("system");
    return new StoredResponse(
        row.text("id"),
        row.text("project_id", ProjectId::new),
        row.text("thread_id", ThreadId::new),
        row.text("run_id", RunId::new),
        row.instant("created_at"),
        row.text("start"),
        row.text("previous_id"),
        row.text("continues"),
        row.bool("conversation"),
        row.bool("background"),
        row.bool("stored"),
        row.json("request", JsonNode.class),
        row.json("input", JsonNode.class),
        system == null ? "" : system);
  }
}
