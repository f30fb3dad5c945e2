package dev.threadmill.files.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.StoredFile;
import java.time.Instant;

/**
 * A file on the wire. Times are Unix seconds.
 *
 * @param bytes the length of the content
 * @param expiresAt left out for a file that does not expire
 * @param statusDetails left out unless the status is {@code error}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FileObject(
    String id,
    String object,
    long bytes,
    long createdAt,
    Long expiresAt,
    String filename,
    FilePurpose purpose,
    StoredFile.Status status,
    String statusDetails) {
  private static final String OBJECT = "file";

  public static FileObject of(StoredFile file) {
    return new FileObject(
        file.id().value(),
        OBJECT,
        file.bytes(),
        file.createdAt().getEpochSecond(),
        seconds(file.expiresAt()),
        file.filename(),
        file.purpose(),
        file.status(),
        file.statusDetails());
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }
}
