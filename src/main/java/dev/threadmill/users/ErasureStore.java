package dev.threadmill.users;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/** The erasures of users, which nodes work on under leases. */
@ApplicationScoped
class ErasureStore {
  /** How long a node may work on an erasure before another one goes on with it. */
  private static final Duration LEASE = Duration.ofMinutes(2);

  private static final String COLUMNS =
      "id, project_id, user_id, created_at, completed_at, counts, thread_ids, file_ids";

  private static final TypeReference<LinkedHashMap<String, Long>> COUNTS = new TypeReference<>() {};
  private static final TypeReference<List<String>> TEXTS = new TypeReference<>() {};

  private final Jdbc jdbc;
  private final Ids ids;

  ErasureStore(Jdbc jdbc, Ids ids) {
    this.jdbc = jdbc;
    this.ids = ids;
  }

  private static Erasure read(Row row) throws SQLException {
    return new Erasure(
        row.text("id"),
        row.text("project_id", ProjectId::new),
        row.text("user_id"),
        row.instant("created_at"),
        row.instant("completed_at"),
        row.json("counts", COUNTS),
        row.json("thread_ids", TEXTS),
        row.json("file_ids", TEXTS));
  }

  /**
   * Begins an erasure, or takes the one of this user that has not ended.
   *
   * @return empty if another node works on it
   */
  Optional<Erasure> begin(ProjectId project, String user) {
    return jdbc.inTransaction(
        tx -> {
          tx.defer(
              """
              INSERT INTO user_erasures (id, project_id, user_id, created_at, due)
              VALUES (?, ?, ?, clock_timestamp(), '-infinity') ON CONFLICT DO NOTHING
              """,
              ids.next("erasure_"),
              project,
              user);
          return tx.updateReturningOne(
              "UPDATE user_erasures SET due = clock_timestamp() + ? * interval '1 millisecond'"
                  + " WHERE project_id = ? AND user_id = ? AND completed_at IS NULL"
                  + " AND due <= clock_timestamp() RETURNING "
                  + COLUMNS,
              ErasureStore::read,
              LEASE.toMillis(),
              project,
              user);
        });
  }

  /** Takes an erasure that no node works on; empty if there is none. */
  Optional<Erasure> claim() {
    return jdbc
        .updateReturning(
            "UPDATE user_erasures SET due = clock_timestamp() + ? * interval '1 millisecond'"
                + " WHERE id = (SELECT id FROM user_erasures"
                + " WHERE completed_at IS NULL AND due <= clock_timestamp()"
                + " ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING "
                + COLUMNS,
            ErasureStore::read,
            LEASE.toMillis())
        .stream()
        .findFirst();
  }

  /** Stores what was erased so far, and renews the lease. */
  void progress(Erasure erasure) {
    jdbc.update(
        """
        UPDATE user_erasures SET due = clock_timestamp() + ? * interval '1 millisecond',
          counts = ?, thread_ids = ?, file_ids = ?
        WHERE id = ?
        """,
        LEASE.toMillis(),
        Tx.json(erasure.counts()),
        Tx.json(erasure.threadIds()),
        Tx.json(erasure.fileIds()),
        erasure.id());
  }

  /** Lets another node, or this one later, go on with the erasure. */
  void release(Erasure erasure) {
    jdbc.update(
        "UPDATE user_erasures SET due = clock_timestamp() WHERE id = ? AND completed_at IS NULL",
        erasure.id());
  }

  /** Ends the erasure, which names the user no more. */
  Erasure complete(Erasure erasure) {
    progress(erasure);
    return jdbc.updateReturning(
            "UPDATE user_erasures SET completed_at = clock_timestamp(), user_id = NULL"
                + " WHERE id = ? RETURNING "
                + COLUMNS,
            ErasureStore::read,
            erasure.id())
        .getFirst();
  }

  /** The erasure of a user that has not ended. */
  Optional<Erasure> open(ProjectId project, String user) {
    return jdbc.one(
        "SELECT "
            + COLUMNS
            + " FROM user_erasures WHERE project_id = ? AND user_id = ? AND completed_at IS NULL",
        ErasureStore::read,
        project,
        user);
  }

  Optional<Erasure> find(ProjectId project, String id) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM user_erasures WHERE project_id = ? AND id = ?",
        ErasureStore::read,
        project,
        id);
  }

  /** The erasures of a project. */
  Page<Erasure> list(ProjectId project, PageRequest page) {
    return Keyset.of(COLUMNS, "user_erasures")
        .within("project_id = ?", project)
        .page(page, (sql, params) -> jdbc.list(sql, ErasureStore::read, params), Erasure::id);
  }
}
