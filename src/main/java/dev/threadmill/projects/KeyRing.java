package dev.threadmill.projects;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import io.quarkus.hibernate.orm.panache.Panache;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.control.ActivateRequestContext;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/**
 * Whose key a secret is, remembered for ten seconds, so that a request usually costs no statement.
 * A key that is deleted, or whose project is archived, stops working at once on the node where that
 * was done, and a moment later on all others; within ten seconds if they did not hear of it. What
 * does not exist is not remembered: a new key works at once everywhere.
 */
@ApplicationScoped
public class KeyRing {
  private static final Duration MEMORY = Duration.ofSeconds(10);
  private static final int MAX_REMEMBERED = 10_000;

  private final Cache<ByteBuffer, Holder> holders = remembering();
  private final Cache<ProjectId, Boolean> activeProjects = remembering();

  private final TransactionSynchronizationRegistry transactions;

  private final Signals signals;

  KeyRing(TransactionSynchronizationRegistry transactions, Signals signals) {
    this.transactions = transactions;
    this.signals = signals;
  }

  /**
   * Who holds a key.
   *
   * @param project null for an admin key
   */
  record Holder(ApiKeyId key, ProjectId project) {}

  private static <K, V> Cache<K, V> remembering() {
    return Caffeine.newBuilder().expireAfterWrite(MEMORY).maximumSize(MAX_REMEMBERED).build();
  }

  /** The holder of the key, empty if there is no such key or its project is archived. */
  @ActivateRequestContext
  Optional<Holder> holder(Secret secret) {
    var hash = secret.hash();
    var name = ByteBuffer.wrap(hash);
    var known = holders.getIfPresent(name);
    if (known != null) {
      return Optional.of(known);
    }
    var found = find(hash);
    found.ifPresent(holder -> holders.put(name, holder));
    return found;
  }

  private static Optional<Holder> find(byte[] hash) {
    return Panache.getEntityManager()
        .createQuery(
            """
            SELECT k.id, k.projectId FROM ApiKey k LEFT JOIN Project p ON p.id = k.projectId
            WHERE k.secretHash = :hash AND (k.projectId IS NULL OR p.status = 'active')\
            """,
            Object[].class)
        .setParameter("hash", hash)
        // Not as a stream: that would keep its connection until the end of the request.
        .getResultList()
        .stream()
        .findFirst()
        .map(
            row ->
                new Holder(
                    new ApiKeyId((String) row[0]),
                    row[1] == null ? null : new ProjectId((String) row[1])));
  }

  /** Whether there is such a project and it is not archived. */
  @ActivateRequestContext
  boolean isActive(ProjectId project) {
    if (activeProjects.getIfPresent(project) != null) {
      return true;
    }
    boolean active = Project.count("id = ?1 AND status = ?2", project.value(), Project.ACTIVE) == 1;
    if (active) {
      activeProjects.put(project, true);
    }
    return active;
  }

  /** Forgets everything once the change of a key or project in hand is committed. */
  void forgetAfterCommit() {
    transactions.registerInterposedSynchronization(
        new Synchronization() {
          @Override
          public void beforeCompletion() {}

          @Override
          public void afterCompletion(int status) {
            forget();
            signals.send(new Signal.KeysChanged());
          }
        });
  }

  void forget(@Observes Signal.KeysChanged changed) {
    forget();
  }

  void forget(@Observes Signal.LookAgain lookAgain) {
    forget();
  }

  private void forget() {
    holders.invalidateAll();
    activeProjects.invalidateAll();
  }
}
