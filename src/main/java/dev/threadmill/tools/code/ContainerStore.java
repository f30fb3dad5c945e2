package dev.threadmill.tools.code;

import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** The table of containers. They are deleted with their thread. */
@ApplicationScoped
class ContainerStore implements ThreadLifecycle {
  private static final String COLUMNS =
      """
      id, project_id, thread_id, name, memory_limit, created_at, last_active_at, expires_after,
      expires_at\
      """;

  private static final String AUTO = "auto";

  private final Jdbc jdbc;

  ContainerStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  void insert(Tx tx, Container container) {
    tx.defer(
        "INSERT INTO containers (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        container.id(),
        container.project(),
        container.thread(),
        container.name(),
        container.memoryLimit(),
        container.created(),
        container.lastActive(),
        container.expiresAfter(),
        container.expiresAt());
  }

  /** The container of a thread is used; it is created if there is none. */
  void used(ProjectId project, ThreadId thread, Instant at) {
    jdbc.update(
        """
        INSERT INTO containers (id, project_id, thread_id, name, created_at, last_active_at)
        SELECT ?, ?, id, ?, ?, ? FROM threads WHERE id = ?
        ON CONFLICT (thread_id) DO UPDATE SET last_active_at = excluded.last_active_at,
          expires_at = excluded.last_active_at + containers.expires_after * interval '1 minute'
        WHERE NOT containers.cleared AND containers.last_active_at < excluded.last_active_at - interval '5 seconds'
        """,
        Container.idOf(thread),
        project,
        AUTO,
        at,
        at,
        thread);
  }

  Optional<Container> find(ProjectId project, String id) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM containers WHERE id = ? AND project_id = ?",
        ContainerStore::read,
        id,
        project);
  }

  /** How many a project has that a client created and that have not expired. */
  int countOfClients(ProjectId project, Instant now) {
    return jdbc.one(
            "SELECT count(*)::int AS n FROM containers WHERE project_id = ? AND expires_at > ?",
            row -> row.integer("n"),
            project,
            now)
        .orElse(0);
  }

  /**
   * A page of the containers of a project.
   *
   * @param name null for all
   */
  Page<Container> list(ProjectId project, String name, PageRequest page) {
    var found = Keyset.of(COLUMNS, "containers").within("project_id = ?", project.value());
    if (name != null) {
      found.filteredBy("name = ?", name);
    }
    return found.page(
        page, (sql, params) -> jdbc.list(sql, ContainerStore::read, params), Container::id);
  }

  /** Deletes the row. */
  void delete(Tx tx, Container container) {
    tx.update("DELETE FROM containers WHERE id = ?", container.id());
  }

  /** Containers whose files are to be deleted, longest expired first. */
  List<Container> expired(Instant now, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM containers WHERE expires_at <= ? AND NOT cleared ORDER BY expires_at LIMIT ?",
        ContainerStore::read,
        now,
        limit);
  }

  /** Containers whose files were deleted, and that expired this long ago. */
  List<Container> forgotten(Instant now, Duration after, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM containers WHERE expires_at <= ? AND cleared ORDER BY expires_at LIMIT ?",
        ContainerStore::read,
        now.minus(after),
        limit);
  }

  /** The files are deleted; false if the container was used meanwhile, or is cleared already. */
  boolean clear(Tx tx, Container container, Instant now) {
    return tx.update(
            "UPDATE containers SET cleared = true WHERE id = ? AND expires_at <= ? AND NOT cleared",
            container.id(),
            now)
        == 1;
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    tx.defer("DELETE FROM containers WHERE thread_id = ?", thread);
  }

  /** Times as the table keeps them. */
  static Instant stored(Instant time) {
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  private static Container read(Row row) throws SQLException {
    return new Container(
        row.text("id"),
        row.text("project_id", ProjectId::new),
        row.text("thread_id", ThreadId::new),
        row.text("name"),
        row.text("memory_limit"),
        row.instant("created_at"),
        row.instant("last_active_at"),
        row.integer("expires_after"),
        row.instant("expires_at"));
  }
}
