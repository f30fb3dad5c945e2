package dev.threadmill.memory;

import dev.threadmill.memory.recall.MemoryScope;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The scopes whose deferred vectors have a reader now. Those who read note the scope, which costs
 * them nothing; the worker of this node makes the messages due.
 */
@ApplicationScoped
class VectorRequests {
  /** Beyond it requests are dropped: their scopes are found by words, and asked for again. */
  private static final int MAX_SCOPES = 1_000;

  private final Event<Added> added;
  private final Set<MemoryScope> scopes = new LinkedHashSet<>();

  VectorRequests(Event<Added> added) {
    this.added = added;
  }

  /** Fired on this node when a scope was noted. */
  record Added() {
    private static final Added INSTANCE = new Added();
  }

  /** Notes a scope. */
  void add(MemoryScope scope) {
    boolean isNew;
    synchronized (scopes) {
      isNew = scopes.size() < MAX_SCOPES && scopes.add(scope);
    }
    if (isNew) {
      added.fire(Added.INSTANCE);
    }
  }

  /** Takes the scopes that were noted. */
  List<MemoryScope> take() {
    synchronized (scopes) {
      var taken = new ArrayList<>(scopes);
      scopes.clear();
      return taken;
    }
  }
}
