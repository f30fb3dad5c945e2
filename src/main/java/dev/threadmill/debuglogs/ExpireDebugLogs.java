package dev.threadmill.debuglogs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.PeriodicWork;
import dev.threadmill.files.Blobs;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jboss.logging.Logger;

/** Deletes entries after their retention, or moves their content to the file store. */
@ApplicationScoped
class ExpireDebugLogs {
  private static final Logger LOG = Logger.getLogger(ExpireDebugLogs.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 500;

  /** All in memory, up to two megabytes each. */
  private static final int ARCHIVED_AT_ONCE = 20;

  private final DebugLogStore store;
  private final Blobs blobs;
  private final DebugLogsConfig config;
  private PeriodicWork work;

  ExpireDebugLogs(DebugLogStore store, Blobs blobs, DebugLogsConfig config) {
    this.store = store;
    this.blobs = blobs;
    this.config = config;
  }

  void start(@Observes StartupEvent start) {
    if (config.cleanup()) {
      work = PeriodicWork.every("debug-log-expiry", config.cleanupInterval(), this::expire);
    }
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    if (work != null) {
      work.stop();
    }
  }

  /** Deletes and moves all that is old. */
  void expire() {
    PeriodicWork.untilDone(work, BATCH, () -> store.deleteOld(BATCH));
    PeriodicWork.untilDone(work, 1, this::archiveSome);
  }

  private int archiveSome() {
    var entries = store.claimOld(ARCHIVED_AT_ONCE);
    if (entries.isEmpty()) {
      return 0;
    }
    var project = new ProjectId(entries.getFirst().projectId());
    try {
      archive(project, entries);
      return entries.size();
    } catch (IOException | ApiException e) {
      // The claim ends, and another node tries again.
      LOG.warnf("debug log not archived project_id=%s cause=%s", project, e.getMessage());
      return 0;
    }
  }

  private void archive(ProjectId project, List<DebugLogEntry> entries) throws IOException {
    var joined = new ByteArrayOutputStream();
    for (var entry : entries) {
      joined.write(entry.stored().content().getBytes(StandardCharsets.US_ASCII));
    }
    try (var received =
        blobs.receive(
            project,
            new ByteArrayInputStream(joined.toByteArray()),
            joined.size(),
            joined.size())) {
      blobs.store(
          received,
          tx -> {
            long from = 0;
            for (var entry : entries) {
              store.archived(tx, entry.id(), received.blob(), from);
              from += entry.bytes();
            }
          });
    }
  }
}
