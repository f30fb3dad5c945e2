package dev.threadmill.files.uploads;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.UploadId;
import dev.threadmill.files.FilePurpose;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/**
 * A file that a client sends in parts.
 *
 * @param expiresAt until when parts are taken
 * @param bytes the length of the whole file, as the client says
 * @param expiresAfter of the file, from its creation on; null for never
 * @param fileId the file that it has become; null before
 */
public record Upload(
    UploadId id,
    ProjectId projectId,
    Instant createdAt,
    Instant expiresAt,
    String filename,
    long bytes,
    FilePurpose purpose,
    String contentType,
    Duration expiresAfter,
    Status status,
    FileId fileId) {
  /** The state of an upload. */
  public enum Status {
    PENDING,
    COMPLETED,
    CANCELLED,
    EXPIRED;

    /** The name on the wire and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The same in another state. */
  Upload with(Status another) {
    return new Upload(
        id,
        projectId,
        createdAt,
        expiresAt,
        filename,
        bytes,
        purpose,
        contentType,
        expiresAfter,
        another,
        fileId);
  }

  /**
   * A part, in the order that the client names at the end.
   *
   * @param blob the key of its content in the blob store
   */
  public record Part(String id, UploadId upload, Instant createdAt, long bytes, String blob) {
    public static final String PREFIX = "part_";
  }
}
