package dev.threadmill.projects;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import io.quarkus.hibernate.orm.panache.Panache;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.control.ActivateRequestContext;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/**
 * Caches the owner of each API key for ten seconds, so that a request usually costs no statement.
 * When a key is deleted or its project archived, the key stops working at once on the node that did
 * so, and on the others with its signal, or within ten seconds without it. Unknown keys are not
 * cached: a new key works at once everywhere. Entries are small and all of one size.
 */
@ApplicationScoped
public class ApiKeyCache {
  private static final Duration TTL = Duration.ofSeconds(10);
  private static final int MAX_ENTRIES = 10_000;

  private final Cache<ByteBuffer, KeyOwner> owners = newCache();
  private final Cache<ProjectId, Boolean> activeProjects = newCache();
  private final Cache<String, Optional<ProjectId>> privatePaths = newCache();

  private final TransactionSynchronizationRegistry transactions;

  private final Signals signals;
  private final Event<KeysChanged> changed;
  private final Jdbc jdbc;

  ApiKeyCache(
      TransactionSynchronizationRegistry transactions,
      Signals signals,
      Event<KeysChanged> changed,
      Jdbc jdbc) {
    this.changed = changed;
    this.jdbc = jdbc;
    this.transactions = transactions;
    this.signals = signals;
  }

  /**
   * The owner of a key.
   *
   * @param project null for an admin key
   */
  record KeyOwner(ApiKeyId key, ProjectId project) {}

  private static <K, V> Cache<K, V> newCache() {
    return Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();
  }

  /** The owner of the key; empty if there is no such key or its project is archived. */
  @ActivateRequestContext
  Optional<KeyOwner> find(Secret secret) {
    var hash = secret.hash();
    var name = ByteBuffer.wrap(hash);
    var known = owners.getIfPresent(name);
    if (known != null) {
      return Optional.of(known);
    }
    var found = load(hash);
    found.ifPresent(holder -> owners.put(name, holder));
    return found;
  }

  /** The owner of the key, if it has been used on this node in the last seconds. */
  Optional<KeyOwner> findCached(Secret secret) {
    return Optional.ofNullable(owners.getIfPresent(ByteBuffer.wrap(secret.hash())));
  }

  private static Optional<KeyOwner> load(byte[] hash) {
    return Panache.getEntityManager()
        .createQuery(
            """
            SELECT k.id, k.projectId FROM ApiKey k LEFT JOIN Project p ON p.id = k.projectId
            WHERE k.secretHash = :hash AND (k.projectId IS NULL OR p.status = 'active')\
            """,
            Object[].class)
        .setParameter("hash", hash)
        // A stream would keep its connection until the end of the request.
        .getResultList()
        .stream()
        .findFirst()
        .map(
            row ->
                new KeyOwner(
                    new ApiKeyId((String) row[0]),
                    row[1] == null ? null : new ProjectId((String) row[1])));
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
  void invalidateAfterCommit() {
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

  void invalidate(@Observes KeysChanged changed) {
    invalidate();
  }

  void invalidate(@Observes Signal.ResyncRequested resync) {
    invalidate();
  }

  private void invalidate() {
    owners.invalidateAll();
    activeProjects.invalidateAll();
    privatePaths.invalidateAll();
  }
}
