package dev.threadmill.files.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.uploads.Upload;
import dev.threadmill.files.uploads.Uploads;

/**
 * An upload on the wire. Times are Unix seconds.
 *
 * @param bytes of the whole file
 * @param file left out until the upload is completed
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record UploadObject(
    String id,
    String object,
    long bytes,
    long createdAt,
    String filename,
    FilePurpose purpose,
    Upload.Status status,
    long expiresAt,
    FileObject file) {
  private static final String OBJECT = "upload";

  static UploadObject of(Uploads.State state) {
    return of(state.upload(), state.file().map(FileObject::of).orElse(null));
  }

  static UploadObject of(Upload upload, FileObject file) {
    return new UploadObject(
        upload.id().value(),
        OBJECT,
        upload.bytes(),
        upload.createdAt().getEpochSecond(),
        upload.filename(),
        upload.purpose(),
        upload.status(),
        upload.expiresAt().getEpochSecond(),
        file);
  }

  /** A part of an upload on the wire. */
  public record PartObject(String id, String object, long createdAt, String uploadId) {
    static PartObject of(Upload.Part part) {
      return new PartObject(
          part.id(), "upload.part", part.createdAt().getEpochSecond(), part.upload().value());
    }
  }
}
