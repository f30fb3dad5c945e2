package dev.threadmill.files;

import dev.threadmill.api.ThreadId;
import java.time.Duration;

/**
 * A file to be created.
 *
 * @param filename as the client or tool says; made safe when the file is created
 * @param contentType null to take it from the name
 * @param expiresAfter after which time the file is deleted; null for never
 * @param threadId the thread that the file is made for and is deleted with; null for none
 */
public record NewFile(
    String filename,
    FilePurpose purpose,
    String contentType,
    Duration expiresAfter,
    ThreadId threadId) {
  /** The same with a name that is safe to show and a type that has the form of one. */
  public NewFile safe() {
    var name = Filenames.safe(filename);
    return new NewFile(
        name, purpose, Filenames.contentType(contentType, name), expiresAfter, threadId);
  }
}
