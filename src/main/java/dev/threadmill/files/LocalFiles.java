package dev.threadmill.files;

import dev.threadmill.files.storage.FilesConfig;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Local copies of blobs that are not files. Copies that are not in use stay for the next reader, up
 * to a number of bytes; those of encrypted blobs are deleted at once.
 */
@ApplicationScoped
class LocalFiles {
  private static final Logger LOG = Logger.getLogger(LocalFiles.class);

  /** Before the names of copies. */
  static final String COPY = "copy-";

  private final Blobs blobs;
  private final FilesConfig config;

  private final Map<String, Copy> inUse = new HashMap<>();

  /** Those that are not in use; the one that was used last is at the end. */
  private final Map<String, Copy> idle = new LinkedHashMap<>();

  private long idleBytes;

  LocalFiles(Blobs blobs, FilesConfig config) {
    this.blobs = blobs;
    this.config = config;
  }

  /** A copy. Its lock is held while it is made, so that it is made once. */
  private static final class Copy {
    private final String key;
    private final Path path;
    private final long bytes;
    private int readers;
    private boolean isComplete;
    private boolean isKept = true;

    Copy(String key, Path path, long bytes) {
      this.key = key;
      this.path = path;
      this.bytes = bytes;
    }

    synchronized void make(Blobs blobs) throws IOException {
      if (isComplete && java.nio.file.Files.exists(path)) {
        return;
      }
      java.nio.file.Files.deleteIfExists(path);
      try (var in = blobs.open(key, 0, bytes)) {
        java.nio.file.Files.copy(in, path);
      }
      isKept = !blobs.isEncrypted(key);
      isComplete = true;
    }
  }

  /** The content of a file as a local file, to be closed. */
  LocalFile of(StoredFile file) throws IOException {
    var stored = blobs.localPath(file.blob());
    if (stored.isPresent()) {
      return handle(stored.get(), () -> {});
    }
    var copy = acquire(file);
    try {
      copy.make(blobs);
    } catch (IOException | RuntimeException e) {
      release(copy);
      throw e;
    }
    return handle(copy.path, () -> release(copy));
  }

  private static LocalFile handle(Path path, Runnable close) {
    return new LocalFile() {
      private boolean isClosed;

      @Override
      public Path path() {
        return path;
      }

      @Override
      public void close() {
        if (!isClosed) {
          isClosed = true;
          close.run();
        }
      }
    };
  }

  private synchronized Copy acquire(StoredFile file) {
    var copy = inUse.get(file.blob());
    if (copy == null) {
      copy = idle.remove(file.blob());
      if (copy == null) {
        var path = blobs.incoming().resolve(COPY + file.blob());
        copy = new Copy(file.blob(), path, file.bytes());
      } else {
        idleBytes -= copy.bytes;
      }
      inUse.put(file.blob(), copy);
    }
    copy.readers++;
    return copy;
  }

  private synchronized void release(Copy copy) {
    if (--copy.readers > 0) {
      return;
    }
    inUse.remove(copy.key);
    if (!copy.isKept) {
      delete(copy);
      return;
    }
    idle.put(copy.key, copy);
    idleBytes += copy.bytes;
    for (var oldest = idle.values().iterator();
        idleBytes > config.localCopyBytes() && oldest.hasNext(); ) {
      var dropped = oldest.next();
      oldest.remove();
      idleBytes -= dropped.bytes;
      delete(dropped);
    }
  }

  private static void delete(Copy copy) {
    try {
      java.nio.file.Files.deleteIfExists(copy.path);
    } catch (IOException e) {
      LOG.warnf("local copy not removed path=%s cause=%s", copy.path, e);
    }
  }
}
