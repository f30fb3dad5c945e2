package dev.threadmill.projects;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Caches what each secret gives access to for ten seconds, so that a request usually costs no
 * statement. When a key is deleted or its project archived, the key stops working at once on the
 * node that did so, and on the others with its signal, or within ten seconds without it. Unknown
 * keys are not cached: a new key works at once everywhere. Entries are small and all of one size.
 */
@ApplicationScoped
public class ApiKeyCache {
  private static final Duration TTL = Duration.ofSeconds(10);
  private static final int MAX_ENTRIES = 10_000;

  private final Cache<ByteBuffer, Grant> grants = newCache();
  private final Cache<ProjectId, Boolean> activeProjects = newCache();
  private final Cache<String, Optional<ProjectId>> privatePaths = newCache();

  private final TransactionSynchronizationRegistry transactions;

  private final Signals signals;
  private final Event<KeysChanged> changed;
  private final Event<ClientTokenChanged> tokenChanged;
  private final Jdbc jdbc;
  private final KeyStore store;
  private final AtomicLong changes = new AtomicLong();

  ApiKeyCache(
      TransactionSynchronizationRegistry transactions,
      Signals signals,
      Event<KeysChanged> changed,
      Event<ClientTokenChanged> tokenChanged,
      Jdbc jdbc,
      KeyStore store) {
    this.store = store;
    this.tokenChanged = tokenChanged;
    this.changed = changed;
    this.jdbc = jdbc;
    this.transactions = transactions;
    this.signals = signals;
  }

  private static <K, V> Cache<K, V> newCache() {
    return Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();
  }

  /**
   * What the secret gives access to; empty if there is no such key or its project is archived. It
   * may have expired.
   */
  Optional<Grant> find(Secret secret) {
    var hash = secret.hash();
    var name = ByteBuffer.wrap(hash);
    var known = grants.getIfPresent(name);
    if (known != null) {
      return Optional.of(known);
    }
    long before = changes.get();
    var found = store.find(hash);
    found.ifPresent(
        grant -> {
          grants.put(name, grant);
          if (changes.get() != before) {
            // It was read before a change and may be stale.
            grants.invalidate(name);
          }
        });
    return found;
  }

  /** The grant of the secret, if it has been used on this node in the last seconds. */
  Optional<Grant> findCached(Secret secret) {
    return Optional.ofNullable(grants.getIfPresent(ByteBuffer.wrap(secret.hash())));
  }

  /** Whether there is such a project and it is not archived. */
  boolean isActive(ProjectId project) {
    if (activeProjects.getIfPresent(project) != null) {
      return true;
    }
    // Not through Hibernate, which would keep the connection until the end of the request.
    boolean active =
        jdbc.one(
                "SELECT id FROM projects WHERE id = ? AND status = ?",
                row -> row.text("id"),
                project,
                Project.ACTIVE)
            .isPresent();
    if (active) {
      activeProjects.put(project, true);
    }
    return active;
  }

  /** The project, active or not, to which a private path belongs; empty if no project has it. */
  Optional<ProjectId> ownerOfPath(String name) {
    var known = privatePaths.getIfPresent(name);
    if (known != null) {
      return known;
    }
    var owner =
        jdbc.one(
            "SELECT id FROM projects WHERE id = ? OR private_path = ?",
            row -> row.text("id", ProjectId::new),
            name,
            name);
    privatePaths.put(name, owner);
    return owner;
  }

  /** Invalidates the cache on all nodes once the current transaction is committed. */
  public void invalidateAfterCommit() {
    transactions.registerInterposedSynchronization(
        new Synchronization() {
          @Override
          public void beforeCompletion() {}

          @Override
          public void afterCompletion(int status) {
            changed.fire(new KeysChanged());
            signals.send(new KeysChanged());
          }
        });
  }

  /** Drops a client token from the cache on all nodes, after the commit of its change. */
  public void invalidateToken(ApiKeyId token) {
    var signal = new ClientTokenChanged(token);
    tokenChanged.fire(signal);
    signals.send(signal);
  }

  void invalidate(@Observes KeysChanged change) {
    invalidate();
  }

  void invalidate(@Observes ClientTokenChanged change) {
    changes.incrementAndGet();
    grants.asMap().values().removeIf(grant -> grant.key().equals(change.token()));
  }

  void invalidate(@Observes Signal.ResyncRequested resync) {
    invalidate();
  }

  private void invalidate() {
    changes.incrementAndGet();
    grants.invalidateAll();
    activeProjects.invalidateAll();
    privatePaths.invalidateAll();
  }
}
