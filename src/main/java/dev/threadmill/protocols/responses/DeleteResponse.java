package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/** Deletes responses, and threads of chains that have none left. */
@ApplicationScoped
class DeleteResponse {
  private static final Logger LOG = Logger.getLogger(DeleteResponse.class);

  private final Jdbc jdbc;
  private final ResponseStore store;
  private final ThreadStore threads;

  DeleteResponse(Jdbc jdbc, ResponseStore store, ThreadStore threads) {
    this.jdbc = jdbc;
    this.store = store;
    this.threads = threads;
  }

  /** Deletes a response. A run of it that is active on a thread of its own is cancelled. */
  void delete(StoredResponse response) {
    if (response.conversation()) {
      store.deleteAndCommit(response);
      return;
    }
    try {
      jdbc.runInTransaction(tx -> deleteWithThread(tx, response));
    } catch (ApiException e) {
      LOG.debugf("thread was deleted before response_id=%s", response.id());
      store.deleteAndCommit(response);
    }
  }

  /** The lock keeps other requests from continuing the chain while its last response is deleted. */
  private void deleteWithThread(Tx tx, StoredResponse response) {
    threads.lock(tx, response.project(), response.thread(), 0);
    if (store.delete(tx, response)) {
      threads.deleteLocked(tx, response.thread());
    }
  }

  /** The stream of a response that is deleted when the stream ends or its reader disconnects. */
  EventStream whenClosed(StoredResponse response, EventStream events) {
    return new EventStream() {
      @Override
      public void open(Runnable wake) {
        events.open(wake);
      }

      @Override
      public Chunk next(int maxBytes) {
        return events.next(maxBytes);
      }

      @Override
      public void close() {
        events.close();
        Thread.ofVirtual().name("delete response").start(() -> deleteQuietly(response));
      }
    };
  }

  /** What fails here is left to {@link UnstoredCleanup}. */
  private void deleteQuietly(StoredResponse response) {
    try {
      delete(response);
    } catch (RuntimeException e) {
      LOG.warnf("response was not deleted yet response_id=%s cause=%s", response.id(), e);
    }
  }
}
