package dev.threadmill.files;

import dev.threadmill.api.FileId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.projects.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The table of files. A file is there until it expires, even if its row is not deleted yet. */
@ApplicationScoped
class FileStore {
  static final String COLUMNS =
      "id, project_id, created_at, filename, bytes, purpose, content_type, sha256, status,"
          + " status_details, expires_at, thread_id, blob";
  private static final String UNEXPIRED = "(expires_at IS NULL OR expires_at > ?)";

  private static final String FIND_ALL =
      "SELECT %s FROM files WHERE id = ANY(?) AND project_id = ? AND %s"
          .formatted(COLUMNS, UNEXPIRED);

  /** What a user has uploaded, and what was made in a thread of the user. */
  private static final String OF_USER =
      """
       AND (user_id = ? OR EXISTS (SELECT FROM threads t
        WHERE t.id = files.thread_id AND t.metadata ->> 'user' = ?))
      """;

  private final Jdbc jdbc;
  private final InstantSource clock;

  FileStore(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  void insert(Tx tx, StoredFile file) {
    tx.defer(
        "INSERT INTO files (%s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".formatted(COLUMNS),
        file.id(),
        file.projectId(),
        file.createdAt(),
        file.filename(),
        file.bytes(),
        file.purpose().wire(),
        file.contentType(),
        file.sha256(),
        file.status(),
        file.statusDetails(),
        file.expiresAt(),
        file.threadId(),
        file.blob());
    Caller.clientUser()
        .ifPresent(
            user -> tx.defer("UPDATE files SET user_id = ? WHERE id = ?", user.id(), file.id()));
  }

  /** Adds to a condition that the current request sees files of the user of its token only. */
  private static String visible(String condition, List<Object> params) {
    return Caller.clientUser()
        .map(
            user -> {
              params.add(user.id());
              params.add(user.id());
              return condition + OF_USER;
            })
        .orElse(condition);
  }

  /** Those of these files that the project has, in no order. */
  List<StoredFile> findAll(ProjectId project, Collection<FileId> ids) {
    var params = new ArrayList<Object>(List.of(ids, project, clock.instant()));
    var sql = visible(FIND_ALL, params);
    return jdbc.list(sql, FileStore::read, params.toArray());
  }

  List<StoredFile> findAll(Tx tx, ProjectId project, Collection<FileId> ids) {
    var params = new ArrayList<Object>(List.of(ids, project, clock.instant()));
    var sql = visible(FIND_ALL, params);
    return tx.list(sql, FileStore::read, params.toArray());
  }

  Page<StoredFile> list(ProjectId project, FilePurpose purpose, PageRequest page) {
    var files =
        Keyset.of(COLUMNS, "files")
            .within("project_id = ?", project.value())
            .filteredBy(UNEXPIRED, clock.instant().atOffset(ZoneOffset.UTC));
    Caller.clientUser().ifPresent(user -> files.filteredBy("user_id = ?", user.id()));
    if (purpose != null) {
      files.filteredBy("purpose = ?", purpose.wire());
    }
    return files.page(
        page, (sql, params) -> jdbc.list(sql, FileStore::read, params), file -> file.id().value());
  }

  /** Deletes the rows of these files. Returns those that the project has had. */
  List<StoredFile> delete(Tx tx, ProjectId project, Collection<FileId> ids) {
    return tx.updateReturning(
        "DELETE FROM files WHERE id = ANY(?) AND project_id = ? RETURNING " + COLUMNS,
        FileStore::read,
        ids,
        project);
  }

  /** Makes these files those of a thread, which do not expire. */
  void assign(Tx tx, ProjectId project, ThreadId thread, Collection<FileId> ids) {
    tx.defer(
        "UPDATE files SET thread_id = ?, expires_at = NULL WHERE id = ANY(?) AND project_id = ?",
        thread,
        ids,
        project);
  }

  /** Makes the files of a thread that were made until then those of another one. */
  void handOver(Tx tx, ThreadId from, ThreadId to, Instant until) {
    tx.defer(
        "UPDATE files SET thread_id = ? WHERE thread_id = ? AND created_at <= ?", to, from, until);
  }

  /** Deletes the rows of the files of a thread. */
  List<StoredFile> deleteOfThread(Tx tx, ThreadId thread) {
    return tx.updateReturning(
        "DELETE FROM files WHERE thread_id = ? RETURNING " + COLUMNS, FileStore::read, thread);
  }

  /** Deletes the rows of expired files, leaving those that another node deletes. */
  List<StoredFile> deleteExpired(Tx tx, int limit) {
    return tx.updateReturning(
        """
        DELETE FROM files WHERE id IN (SELECT id FROM files WHERE expires_at <= ?
          ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING """
            + " "
            + COLUMNS,
        FileStore::read,
        clock.instant(),
        limit);
  }

  static StoredFile read(Row row) throws SQLException {
    return new StoredFile(
        row.text("id", FileId::new),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.text("filename"),
        row.bigint("bytes"),
        row.text("purpose", FilePurpose::ofColumn),
        row.text("content_type"),
        row.text("sha256"),
        StoredFile.Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
        row.text("status_details"),
        row.instant("expires_at"),
        row.text("thread_id", ThreadId::new),
        row.text("blob"));
  }
}
