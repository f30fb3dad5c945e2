package dev.threadmill.vectorstores;

import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;

/** The table of vector stores. Counts and sizes are those of the rows of their files. */
@ApplicationScoped
class VectorStoreTable {
  private static final String COLUMNS =
      "id, project_id, created_at, name, description, metadata, expires_after_days,"
          + " last_active_at, expires_at, status";

  private static final String COUNTS =
      """
      SELECT store_id,
        count(*) FILTER (WHERE status = 'in_progress') AS in_progress,
        count(*) FILTER (WHERE status = 'completed') AS completed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
        coalesce(sum(usage_bytes), 0)::bigint AS usage_bytes
      FROM vector_store_files WHERE store_id = ANY (?) GROUP BY store_id
      """;

  /** An expired store is not active any more, even if its row does not say so yet. */
  private static final String ACTIVE =
      "status = 'active' AND (expires_at IS NULL OR expires_at > ?)";

  private final Jdbc jdbc;
  private final InstantSource clock;

  VectorStoreTable(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  private record Usage(FileCounts counts, long bytes) {
    static final Usage NONE = new Usage(FileCounts.NONE, 0);
  }

  void insert(Tx tx, VectorStore store, ThreadId thread) {
    tx.defer(
        """
        INSERT INTO vector_stores (id, project_id, created_at, name, description, metadata,
          expires_after_days, last_active_at, expires_at, status, thread_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?)
        """,
        store.id(),
        store.project(),
        store.createdAt(),
        store.name(),
        store.description(),
        Tx.json(store.metadata()),
        store.expiresAfter() == null ? null : store.expiresAfter().days(),
        store.lastActiveAt(),
        store.expiresAt(),
        thread);
  }

  /** Those of these stores that the project has, with their counts. */
  List<VectorStore> find(ProjectId project, Collection<String> ids) {
    return withUsage(findWithoutCounts(project, ids));
  }

  /** Those of these stores that the project has. */
  List<VectorStore> findWithoutCounts(ProjectId project, Collection<String> ids) {
    return jdbc.list(
        """
        SELECT %s FROM vector_stores WHERE project_id = ? AND status <> 'deleted' AND id = ANY (?)
        """
            .formatted(COLUMNS),
        this::read,
        project,
        ids);
  }

  /** The stores of all projects that were used since a time, latest first. */
  List<VectorStore> usedSince(Instant time, int limit) {
    return jdbc.list(
        """
        SELECT %s FROM vector_stores WHERE status = 'active' AND last_active_at > ?
        ORDER BY last_active_at DESC LIMIT ?
        """
            .formatted(COLUMNS),
        this::read,
        time,
        limit);
  }

  Page<VectorStore> list(ProjectId project, PageRequest request) {
    var page =
        Keyset.of(COLUMNS, "vector_stores")
            .within("project_id = ?", project)
            .within("status <> 'deleted'")
            .page(
                request,
                (sql, params) -> jdbc.list(sql, this::read, params),
                store -> store.id().value());
    return new Page<>(
        page.object(), withUsage(page.data()), page.firstId(), page.lastId(), page.hasMore());
  }

  private List<VectorStore> withUsage(List<VectorStore> stores) {
    if (stores.isEmpty()) {
      return stores;
    }
    var usages = new HashMap<String, Usage>();
    jdbc.list(
        COUNTS,
        row ->
            usages.put(
                row.text("store_id"),
                new Usage(StoreFileTable.counts(row), row.bigint("usage_bytes"))),
        stores.stream().map(VectorStore::id).toList());
    return stores.stream()
        .map(
            store -> {
              var usage = usages.getOrDefault(store.id().value(), Usage.NONE);
              return new VectorStore(
                  store.id(),
                  store.project(),
                  store.createdAt(),
                  store.name(),
                  store.description(),
                  store.metadata(),
                  store.expiresAfter(),
                  store.lastActiveAt(),
                  store.expiresAt(),
                  store.isExpired(),
                  usage.counts(),
                  usage.bytes());
            })
        .toList();
  }

  /** Changes a store, which counts as activity. False if the project has none of this id. */
  boolean modify(ProjectId project, VectorStoreId id, ModifyVectorStore change) {
    var params = new ArrayList<Object>();
    params.add(change.name().isPresent());
    params.add(change.name().orElse(null));
    params.add(change.metadata().isPresent());
    params.add(Tx.json(change.metadata().orElse(null)));
    params.add(change.expiresAfter().isPresent());
    var days = change.expiresAfter().map(ExpiresAfter::days).orElse(null);
    params.add(days);
    params.add(clock.instant());
    params.add(change.expiresAfter().isPresent());
    params.add(days);
    params.add(clock.instant());
    params.add(id);
    params.add(project);
    params.add(clock.instant());
    return jdbc.update(
            """
            UPDATE vector_stores SET
              name = CASE WHEN ? THEN ? ELSE name END,
              metadata = CASE WHEN ? THEN ?::jsonb ELSE metadata END,
              expires_after_days = CASE WHEN ? THEN ?::integer ELSE expires_after_days END,
              last_active_at = ?,
              expires_at =
                (CASE WHEN ? THEN ?::integer ELSE expires_after_days END) * interval '1 day' + ?
            WHERE id = ? AND project_id = ? AND %s
            """
                .formatted(ACTIVE),
            params.toArray())
        > 0;
  }

  /** Records an activity, at most once a minute. */
  void touch(Collection<String> ids) {
    jdbc.update(
        """
        UPDATE vector_stores SET last_active_at = ?, expires_at = expires_after_days * interval '1 day' + ?
        WHERE id = ANY (?) AND %s AND last_active_at < ?::timestamptz - interval '1 minute'
        """
            .formatted(ACTIVE),
        clock.instant(),
        clock.instant(),
        ids,
        clock.instant(),
        clock.instant());
  }

  /**
   * Locks an active store against its deletion until the transaction ends. False if the project has
   * none of this id.
   */
  boolean lockActive(Tx tx, ProjectId project, VectorStoreId id) {
    return tx.one(
            """
            SELECT id FROM vector_stores WHERE id = ? AND project_id = ? AND %s FOR SHARE
            """
                .formatted(ACTIVE),
            row -> row.text("id"),
            id,
            project,
            clock.instant())
        .isPresent();
  }

  /** Marks a store as deleted. False if the project has none of this id. */
  boolean delete(ProjectId project, VectorStoreId id) {
    return jdbc.update(
            """
            UPDATE vector_stores SET status = 'deleted', emptied = false
            WHERE id = ? AND project_id = ? AND status <> 'deleted'
            """,
            id,
            project)
        > 0;
  }

  /** Marks the stores that were made for a thread as deleted. */
  void deleteOfThread(Tx tx, ThreadId thread) {
    tx.defer(
        "UPDATE vector_stores SET status = 'deleted', emptied = false WHERE thread_id = ?", thread);
  }

  /** The active store that was made for a thread. */
  Optional<VectorStoreId> ofThread(Tx tx, ThreadId thread) {
    return tx.one(
        "SELECT id FROM vector_stores WHERE thread_id = ? AND %s ORDER BY created_at DESC LIMIT 1"
            .formatted(ACTIVE),
        row -> row.text("id", VectorStoreId::new),
        thread,
        clock.instant());
  }

  /** A store whose assistant should have been there by now. */
  record Unconfirmed(ProjectId project, VectorStoreId id) {}

  /** Stores that were created along with an assistant which is not known to have been stored. */
  List<Unconfirmed> unconfirmed(int limit) {
    return jdbc.list(
        """
        SELECT project_id, id FROM vector_stores
        WHERE unconfirmed_until <= ? AND status <> 'deleted' ORDER BY unconfirmed_until LIMIT ?
        """,
        row ->
            new Unconfirmed(
                row.text("project_id", ProjectId::new), row.text("id", VectorStoreId::new)),
        clock.instant(),
        limit);
  }

  /** From now on these stores stay, whatever becomes of the assistant. */
  void confirm(Collection<String> ids) {
    jdbc.update("UPDATE vector_stores SET unconfirmed_until = NULL WHERE id = ANY (?)", ids);
  }

  /** Marks a new store as one that is deleted unless it is confirmed until then. */
  void expectConfirmation(Tx tx, VectorStoreId id, Instant until) {
    tx.defer("UPDATE vector_stores SET unconfirmed_until = ? WHERE id = ?", until, id);
  }

  /**
   * Hands the stores that were made for a thread over to a fork of it.
   *
   * @param until the fork refers to no later ones
   */
  void handOver(Tx tx, ThreadId thread, ThreadId fork, Instant until) {
    tx.defer(
        "UPDATE vector_stores SET thread_id = ? WHERE thread_id = ? AND created_at <= ?",
        fork,
        thread,
        until);
  }

  /** Marks the stores that have expired. */
  int expire() {
    return jdbc.update(
        "UPDATE vector_stores SET status = 'expired' WHERE status = 'active' AND expires_at <= ?",
        clock.instant());
  }

  /** A store that is to lose its files and entries, locked until the transaction ends. */
  record Removal(VectorStoreId id, boolean isDeleted) {}

  Optional<Removal> nextRemoval(Tx tx) {
    return tx.one(
        """
        SELECT id, status FROM vector_stores WHERE status IN ('deleted', 'expired') AND NOT emptied
        LIMIT 1 FOR UPDATE SKIP LOCKED
        """,
        row ->
            new Removal(row.text("id", VectorStoreId::new), row.text("status").equals("deleted")));
  }

  /** Removes an empty store if it is deleted; one that has expired stays. */
  void remove(Tx tx, Removal empty) {
    tx.defer("DELETE FROM vector_store_batches WHERE store_id = ?", empty.id());
    if (empty.isDeleted()) {
      tx.defer("DELETE FROM vector_stores WHERE id = ?", empty.id());
    } else {
      tx.defer("UPDATE vector_stores SET emptied = true WHERE id = ?", empty.id());
    }
  }

  private VectorStore read(Row row) throws SQLException {
    var days = row.integer("expires_after_days");
    var expiresAt = row.instant("expires_at");
    return new VectorStore(
        row.text("id", VectorStoreId::new),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.text("name"),
        row.text("description"),
        row.json("metadata", Metadata.class),
        days == null ? null : ExpiresAfter.days(days),
        row.instant("last_active_at"),
        expiresAt,
        row.text("status").equals("expired")
            || expiresAt != null && !expiresAt.isAfter(clock.instant()),
        FileCounts.NONE,
        0);
  }
}
