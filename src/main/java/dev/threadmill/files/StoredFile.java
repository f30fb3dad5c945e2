package dev.threadmill.files;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import java.time.Instant;
import java.util.Locale;

/**
 * A file of a project. Its content never changes.
 *
 * @param filename safe to show and to create in a folder, see {@link Filenames}
 * @param bytes the length of the content
 * @param contentType such as {@code text/plain}: what the client said, or else what the name says
 * @param sha256 of the content, 64 hexadecimal digits
 * @param statusDetails why the status is {@code error}; null otherwise
 * @param expiresAt when it is deleted; null for never
 * @param threadId the thread that it was made for and is deleted with; null for none
 * @param blob the key of the content in the blob store
 */
public record StoredFile(
    FileId id,
    ProjectId projectId,
    Instant createdAt,
    String filename,
    long bytes,
    FilePurpose purpose,
    String contentType,
    String sha256,
    Status status,
    String statusDetails,
    Instant expiresAt,
    ThreadId threadId,
    String blob) {
  /** The state of a file. It is stored as a whole, so it is processed from the beginning. */
  public enum Status {
    UPLOADED,
    PROCESSED,
    ERROR;

    /** The name on the wire and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
