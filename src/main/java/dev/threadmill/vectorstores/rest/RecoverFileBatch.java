package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.vectorstores.StoreFiles;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads a batch of files that a repeated request has made. */
@ApplicationScoped
class RecoverFileBatch implements ObjectLookup {
  private final StoreFiles files;

  RecoverFileBatch(StoreFiles files) {
    this.files = files;
  }

  @Override
  public String prefix() {
    return FileBatchId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return files.findBatch(project, new FileBatchId(id)).<Object>map(FileBatchObject::of);
  }
}
