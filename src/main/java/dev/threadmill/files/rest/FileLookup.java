package dev.threadmill.files.rest;

import dev.threadmill.api.FileId;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.Files;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds a file that a request with an idempotency key has created. */
@ApplicationScoped
class FileLookup implements ObjectLookup {
  private final Files files;

  FileLookup(Files files) {
    this.files = files;
  }

  @Override
  public String prefix() {
    return FileId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return files.find(project, new FileId(id)).map(FileObject::of);
  }
}
