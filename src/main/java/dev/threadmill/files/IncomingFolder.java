package dev.threadmill.files;

import dev.threadmill.files.storage.BlobStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * The folder where this node receives content. A node that stops may leave files in it: those of
 * blobs that another node has removed from the bucket, and local copies.
 */
@ApplicationScoped
class IncomingFolder {
  private static final Logger LOG = Logger.getLogger(IncomingFolder.class);
  private static final int BATCH = 500;

  /** Content that arrives is written to more often: slow bodies are refused. */
  private static final Duration SILENT = Duration.ofHours(1);

  /** Copies are read for as long as a document takes, and made again when they are missing. */
  private static final Duration UNUSED = Duration.ofDays(1);

  private final BlobStore blobs;
  private final BlobLedger ledger;

  IncomingFolder(BlobStore blobs, BlobLedger ledger) {
    this.blobs = blobs;
    this.ledger = ledger;
  }

  /** Removes files that no node has written to for an hour and that belong to no blob. */
  void removeAbandoned(Instant now) {
    try (var entries = java.nio.file.Files.newDirectoryStream(blobs.incoming())) {
      var old = new ArrayList<Path>();
      for (var entry : entries) {
        boolean isCopy = entry.getFileName().toString().startsWith(LocalFiles.COPY);
        if (isOlder(entry, now.minus(isCopy ? UNUSED : SILENT))) {
          old.add(entry);
        }
        if (old.size() == BATCH) {
          remove(old);
          old.clear();
        }
      }
      remove(old);
    } catch (IOException | RuntimeException e) {
      LOG.warnf("incoming files not cleaned up cause=%s", e);
    }
  }

  private static boolean isOlder(Path file, Instant limit) throws IOException {
    try {
      return java.nio.file.Files.getLastModifiedTime(file).toInstant().isBefore(limit);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private void remove(List<Path> old) throws IOException {
    var writing = ledger.writing(old.stream().map(file -> file.getFileName().toString()).toList());
    for (var file : old) {
      if (!writing.contains(file.getFileName().toString())) {
        java.nio.file.Files.deleteIfExists(file);
      }
    }
  }
}
