package dev.threadmill.files.uploads;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.UploadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FilePurpose;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The tables of uploads and their parts. */
@ApplicationScoped
class UploadStore {
  private static final String COLUMNS =
      "id, project_id, created_at, expires_at, filename, bytes, purpose, content_type,"
          + " expires_after, status, file_id";

  private final Jdbc jdbc;

  UploadStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  void insert(Upload upload) {
    jdbc.update(
        "INSERT INTO uploads (%s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".formatted(COLUMNS),
        upload.id(),
        upload.projectId(),
        upload.createdAt(),
        upload.expiresAt(),
        upload.filename(),
        upload.bytes(),
        upload.purpose().wire(),
        upload.contentType(),
        upload.expiresAfter() == null ? null : (int) upload.expiresAfter().toSeconds(),
        upload.status(),
        upload.fileId());
  }

  Optional<Upload> find(ProjectId project, UploadId id) {
    return jdbc.one(
        "SELECT %s FROM uploads WHERE id = ? AND project_id = ?".formatted(COLUMNS),
        UploadStore::read,
        id,
        project);
  }

  /** The upload, locked until the transaction ends. */
  Optional<Upload> lock(Tx tx, ProjectId project, UploadId id) {
    return tx.one(
        "SELECT %s FROM uploads WHERE id = ? AND project_id = ? FOR UPDATE".formatted(COLUMNS),
        UploadStore::read,
        id,
        project);
  }

  void setStatus(Tx tx, UploadId id, Upload.Status status, FileId file) {
    tx.defer("UPDATE uploads SET status = ?, file_id = ? WHERE id = ?", status, file, id);
  }

  void insert(Tx tx, Upload.Part part) {
    tx.defer(
        "INSERT INTO upload_parts (upload_id, id, created_at, bytes, blob) VALUES (?, ?, ?, ?, ?)",
        part.upload(),
        part.id(),
        part.createdAt(),
        part.bytes(),
        part.blob());
  }

  List<Upload.Part> parts(UploadId upload) {
    return jdbc.list(
        "SELECT upload_id, id, created_at, bytes, blob FROM upload_parts WHERE upload_id = ?",
        UploadStore::readPart,
        upload);
  }

  List<Upload.Part> parts(Tx tx, UploadId upload) {
    return tx.list(
        "SELECT upload_id, id, created_at, bytes, blob FROM upload_parts WHERE upload_id = ?",
        UploadStore::readPart,
        upload);
  }

  /** Deletes the parts of an upload. Returns the keys of their blobs. */
  List<String> deleteParts(Tx tx, List<UploadId> uploads) {
    return tx.updateReturning(
        "DELETE FROM upload_parts WHERE upload_id = ANY(?) RETURNING blob",
        row -> row.text("blob"),
        uploads);
  }

  /** Expires pending uploads, leaving those that another node expires. */
  List<UploadId> expire(Tx tx, Instant now, int limit) {
    return tx.updateReturning(
        """
        UPDATE uploads SET status = 'expired' WHERE id IN (
          SELECT id FROM uploads WHERE status = 'pending' AND expires_at <= ?
          ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING id""",
        row -> row.text("id", UploadId::new),
        now,
        limit);
  }

  /** Deletes uploads that ended long ago. */
  int deleteEnded(Instant before, int limit) {
    return jdbc.update(
        """
        DELETE FROM uploads WHERE id IN (
          SELECT id FROM uploads WHERE status <> 'pending' AND expires_at <= ?
          ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED)""",
        before,
        limit);
  }

  private static Upload read(Row row) throws SQLException {
    var seconds = row.integer("expires_after");
    return new Upload(
        row.text("id", UploadId::new),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.instant("expires_at"),
        row.text("filename"),
        row.bigint("bytes"),
        row.text("purpose", wire -> FilePurpose.find(wire).orElseThrow()),
        row.text("content_type"),
        seconds == null ? null : Duration.ofSeconds(seconds),
        row.enumValue("status", Upload.Status.class),
        row.text("file_id", FileId::new));
  }

  private static Upload.Part readPart(Row row) throws SQLException {
    return new Upload.Part(
        row.text("id"),
        row.text("upload_id", UploadId::new),
        row.instant("created_at"),
        row.bigint("bytes"),
        row.text("blob"));
  }
}
