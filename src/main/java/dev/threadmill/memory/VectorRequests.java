package dev.threadmill.memory;

import dev.threadmill.assistants.MemoryOptions.Scope;
import dev.threadmill.assistants.MemoryOptionsChanged;
import dev.threadmill.memory.recall.MemoryScope;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.TransactionPhase;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The scopes whose deferred messages are read now. A recall or a search notes its scope, which
 * costs it nothing; the worker of this node makes the messages due.
 */
@ApplicationScoped
class VectorRequests {
  /** Beyond it requests are dropped: their scopes are found by words, and asked for again. */
  private static final int MAX_REQUESTS = 1_000;

  private final Event<Added> added;
  private final Set<Request> requests = new LinkedHashSet<>();

  VectorRequests(Event<Added> added) {
    this.added = added;
  }

  /** Fired on this node when a request was noted. */
  record Added() {
    private static final Added INSTANCE = new Added();
  }

  /**
   * A request.
   *
   * @param vectors whether all messages of the scope get vectors; otherwise those that have no
   *     index entry get what the present settings of their assistant say
   */
  record Request(MemoryScope scope, boolean vectors) {}

  /** Notes a scope that is read. */
  void add(MemoryScope scope) {
    add(new Request(scope, true));
  }

  /** Notes an assistant whose memory was switched on or has a wider scope than before. */
  void policyChanged(
      @Observes(during = TransactionPhase.AFTER_SUCCESS) MemoryOptionsChanged changed) {
    var policy = MemoryPolicy.of(changed.memory());
    if (policy.enabled()) {
      var scope = new MemoryScope.OfAssistant(changed.project(), changed.assistant().value());
      add(new Request(scope, policy.scope() != Scope.THREAD));
    }
  }

  private void add(Request request) {
    boolean isNew;
    synchronized (requests) {
      isNew = requests.size() < MAX_REQUESTS && requests.add(request);
    }
    if (isNew) {
      added.fire(Added.INSTANCE);
    }
  }

  /**
   * Handles the requests that were noted. A request whose handling fails is kept, with those behind
   * it.
   *
   * @param handler returns whether there is more to do for the request, which is then kept
   * @return whether there is more to do
   */
  boolean handle(Predicate<Request> handler) {
    boolean hasMore = false;
    for (var request : noted()) {
      boolean isDone = false;
      // Removed before, so that a request that arrives meanwhile is not lost.
      synchronized (requests) {
        requests.remove(request);
      }
      try {
        isDone = !handler.test(request);
      } finally {
        if (!isDone) {
          synchronized (requests) {
            requests.add(request);
          }
        }
      }
      hasMore |= !isDone;
    }
    return hasMore;
  }

  private List<Request> noted() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  /** Drops the requests. */
  void clear() {
    synchronized (requests) {
      requests.clear();
    }
  }
}
