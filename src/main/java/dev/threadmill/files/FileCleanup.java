package dev.threadmill.files;

import dev.threadmill.db.PeriodicWork;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.files.storage.FilesConfig;
import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Deletes expired files, and removes blobs that were released or that a node left behind. Every
 * node does so; each file and blob is taken by one of them.
 */
@ApplicationScoped
class FileCleanup {
  private static final Logger LOG = Logger.getLogger(FileCleanup.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 100;
  private static final Duration BETWEEN_LOOKS = Duration.ofMinutes(30);

  private final List<ExpiringContent> expiring;
  private final BlobLedger ledger;
  private final BlobStore blobs;
  private final FilesConfig config;
  private final IncomingFolder incoming;
  private Instant nextLook = Instant.MIN;
  private PeriodicWork work;

  FileCleanup(
      @All List<ExpiringContent> expiring,
      BlobLedger ledger,
      BlobStore blobs,
      FilesConfig config,
      IncomingFolder incoming) {
    this.incoming = incoming;
    this.expiring = expiring;
    this.ledger = ledger;
    this.blobs = blobs;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.after("file-cleanup", this::pause, this::cleanUp);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  private void pause() throws InterruptedException {
    removeAbandoned();
    ledger.awaitReleased(config.cleanupInterval());
  }

  /** Removes what earlier processes of this node have left in its folder. */
  private void removeAbandoned() {
    var now = Instant.now();
    if (nextLook.isBefore(now)) {
      nextLook = now.plus(BETWEEN_LOOKS);
      incoming.removeAbandoned(now);
    }
  }

  /** Removes everything that is due. */
  void cleanUp() {
    for (var each : expiring) {
      while (each.deleteExpired(BATCH) == BATCH) {
        // There may be more.
      }
    }
    for (var batch = ledger.claimReleased(BATCH);
        !batch.isEmpty();
        batch = ledger.claimReleased(BATCH)) {
      var removed = new ArrayList<BlobLedger.Released>();
      for (var blob : batch) {
        try {
          blobs.delete(blob.key(), blob.bytes());
          removed.add(blob);
        } catch (IOException e) {
          // Tried again when the lease ends.
          LOG.warnf("blob not removed key=%s cause=%s", blob.key(), e);
        }
      }
      ledger.removed(removed);
    }
  }
}
