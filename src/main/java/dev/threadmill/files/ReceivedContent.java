package dev.threadmill.files;

import dev.threadmill.api.ProjectId;
import dev.threadmill.files.storage.IncomingFile;

/**
 * Content that has been received, to become a blob that a row names. If none does until this is
 * closed, the content is removed.
 */
public final class ReceivedContent implements AutoCloseable {
  private final Blobs blobs;
  private final ProjectId project;
  private final String blob;
  private final IncomingFile file;
  private boolean isStored;

  ReceivedContent(Blobs blobs, ProjectId project, String blob, IncomingFile file) {
    this.blobs = blobs;
    this.project = project;
    this.blob = blob;
    this.file = file;
  }

  public ProjectId project() {
    return project;
  }

  /** The key of the blob. */
  public String blob() {
    return blob;
  }

  public long bytes() {
    return file.bytes();
  }

  /** 64 hexadecimal digits. */
  public String sha256() {
    return file.sha256();
  }

  IncomingFile file() {
    return file;
  }

  void markStored() {
    isStored = true;
  }

  @Override
  public void close() {
    if (!isStored) {
      blobs.releaseQuietly(blob);
    }
  }
}
