package dev.threadmill.debuglogs;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.files.Blobs;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Deletes the entries of a deleted thread. An archive with entries of other threads stays until
 * these are deleted; without its row, the content of an entry in it cannot be found any more.
 */
@ApplicationScoped
class ForgetThread implements ThreadLifecycle {
  private final DebugLogStore store;
  private final Blobs blobs;

  ForgetThread(DebugLogStore store, Blobs blobs) {
    this.store = store;
    this.blobs = blobs;
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    var archives =
        tx.updateReturning(
            "DELETE FROM debug_logs WHERE thread_id = ? RETURNING coalesce(archive, '') AS archive",
            row -> row.text("archive"),
            thread);
    if (!archives.isEmpty()) {
      blobs.release(tx, store.unused(tx, archives));
    }
  }
}
