package dev.threadmill.privacy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.projects.PrivacyOptions;
import dev.threadmill.projects.PrivacyRequested;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import jakarta.transaction.Synchronization;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The privacy policy of each project, which is the strictest of the project's own and of those of
 * its assistants: messages belong to threads, which any assistant of the project may read. Cached;
 * a change is in force at once on the node that makes it, and on the others with its signal, or
 * within ten seconds without it.
 */
@ApplicationScoped
public class Privacy {
  private static final Duration TTL = Duration.ofSeconds(10);
  private static final int MAX_ENTRIES = 10_000;

  private final Cache<ProjectId, PrivacyPolicy> policies =
      Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();

  /** Counts the changes, so that what was read before one is not cached after it. */
  private final AtomicLong changes = new AtomicLong();

  private final Jdbc jdbc;
  private final Vault vault;
  private final Signals signals;
  private final Event<PrivacyChanged> changed;
  private final TransactionSynchronizationRegistry transactions;

  Privacy(
      Jdbc jdbc,
      Vault vault,
      Signals signals,
      Event<PrivacyChanged> changed,
      TransactionSynchronizationRegistry transactions) {
    this.jdbc = jdbc;
    this.vault = vault;
    this.signals = signals;
    this.changed = changed;
    this.transactions = transactions;
  }

  /** Whether all kinds of personal data are replaced in the texts of the project. */
  public boolean strict(ProjectId project) {
    return policy(project).isStrict();
  }

  /** What is replaced in the texts of the project. */
  public PrivacyPolicy policy(ProjectId project) {
    var known = policies.getIfPresent(project);
    if (known != null) {
      return known;
    }
    long before = changes.get();
    var read =
        PrivacyPolicy.of(
            jdbc.list(
                """
                SELECT privacy FROM projects WHERE id = ? AND privacy IS NOT NULL
                UNION
                SELECT privacy FROM assistants
                WHERE project_id = ? AND privacy ->> 'mode' IN ('standard', 'strict')\
                """,
                Privacy::options,
                project,
                project));
    policies.put(project, read);
    if (before != changes.get()) {
      policies.invalidate(project);
    }
    return read;
  }

  private static PrivacyOptions options(Row row) throws SQLException {
    return Json.read(row.text("privacy"), PrivacyOptions.class);
  }

  /** Makes the key of the project, so that a server that cannot encrypt refuses the options. */
  void prepare(@Observes PrivacyRequested requested) {
    if (requested.options() != null && requested.options().isOn()) {
      vault.requireKey(requested.project());
    }
    transactions.registerInterposedSynchronization(
        new Synchronization() {
          @Override
          public void beforeCompletion() {}

          @Override
          public void afterCompletion(int status) {
            announce();
          }
        });
  }

  /** Has all nodes read policies and keys again. */
  public void announce() {
    changed.fire(new PrivacyChanged());
    signals.send(new PrivacyChanged());
  }

  void invalidate(@Observes PrivacyChanged changed) {
    invalidate();
  }

  void invalidate(@Observes Signal.ResyncRequested resync) {
    invalidate();
  }

  private void invalidate() {
    changes.incrementAndGet();
    policies.invalidateAll();
    vault.forgetKeys();
  }
}
