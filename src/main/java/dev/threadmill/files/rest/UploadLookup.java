package dev.threadmill.files.rest;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.UploadId;
import dev.threadmill.files.uploads.Uploads;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds an upload that a request with an idempotency key has created or changed. */
@ApplicationScoped
class UploadLookup implements ObjectLookup {
  private final Uploads uploads;

  UploadLookup(Uploads uploads) {
    this.uploads = uploads;
  }

  @Override
  public String prefix() {
    return UploadId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return Optional.of(UploadObject.of(uploads.get(project, new UploadId(id))));
  }
}
