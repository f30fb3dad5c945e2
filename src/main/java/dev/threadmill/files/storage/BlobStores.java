package dev.threadmill.files.storage;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.db.HomeConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.io.IOException;

/** Creates the blob store that the configuration names. */
@ApplicationScoped
class BlobStores {
  @Produces
  @ApplicationScoped
  BlobStore blobStore(FilesConfig config, HomeConfig home) {
    var folder = config.folder().orElseGet(() -> home.home().resolve("files"));
    try {
      return new FolderBlobStore(folder.toAbsolutePath().normalize());
    } catch (IOException e) {
      throw new InvalidSettingException(
          "THREADMILL_FILES", folder, "cannot be written to (%s)".formatted(e.getMessage()));
    }
  }
}
