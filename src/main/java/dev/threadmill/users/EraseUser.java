package dev.threadmill.users;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.PeriodicWork;
import dev.threadmill.events.EventLogStore;
import dev.threadmill.files.Files;
import dev.threadmill.limits.ManageLimits;
import dev.threadmill.privacy.Privacy;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.privacy.Vault;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.usage.UserUsage;
import dev.threadmill.webhooks.DeliveryStore;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Erases what a project holds about a user, in steps that are committed one by one: for some
 * seconds in the request, and after that in the background, on any node.
 */
@ApplicationScoped
class EraseUser {
  private static final Logger LOG = Logger.getLogger(EraseUser.class);
  private static final int BEFORE_THE_DATABASE_STOPS = 5_000;
  private static final int BATCH = 25;
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  /** How long one request erases. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final UserDataStore store;
  private final ErasureStore erasures;
  private final ThreadStore threads;
  private final Files files;
  private final EventLogStore events;
  private final DeliveryStore deliveries;
  private final UserUsage usage;
  private final ManageLimits limits;
  private final Vault vault;
  private final Privacy privacy;
  private final Tokenizer tokenizer;
  private final Jdbc jdbc;
  private PeriodicWork work;

  EraseUser(
      UserDataStore store,
      ErasureStore erasures,
      ThreadStore threads,
      Files files,
      EventLogStore events,
      DeliveryStore deliveries,
      UserUsage usage,
      ManageLimits limits,
      Vault vault,
      Privacy privacy,
      Tokenizer tokenizer,
      Jdbc jdbc) {
    this.store = store;
    this.erasures = erasures;
    this.threads = threads;
    this.files = files;
    this.events = events;
    this.deliveries = deliveries;
    this.usage = usage;
    this.limits = limits;
    this.vault = vault;
    this.privacy = privacy;
    this.tokenizer = tokenizer;
    this.jdbc = jdbc;
  }

  void start(@Observes StartupEvent start) {
    work = PeriodicWork.every("user-erasures", INTERVAL, this::continueAll);
  }

  void stop(@Observes @Priority(BEFORE_THE_DATABASE_STOPS) ShutdownEvent stop)
      throws InterruptedException {
    work.stop();
  }

  /** Erases for some seconds, and reports what was erased; the rest follows in the background. */
  UserDataReport erase(ProjectId project, String user) {
    var known = tokenizer.forSearch(project, user);
    return erasures
        .begin(project, known)
        .map(erasure -> erase(erasure, System.nanoTime() + PATIENCE.toNanos()))
        .or(() -> erasures.open(project, known))
        .map(Erasure::report)
        .orElseThrow(() -> ApiException.unavailable("The erasure has just ended.", 1));
  }

  /** Goes on with all erasures that no node works on. */
  void continueAll() {
    for (var next = erasures.claim();
        next.isPresent() && !work.isStopping();
        next = erasures.claim()) {
      erase(next.get(), Long.MAX_VALUE);
    }
  }

  private Erasure erase(Erasure erasure, long deadline) {
    var project = erasure.project();
    for (var batch = store.threads(project, erasure.user(), BATCH);
        !batch.isEmpty();
        batch = store.threads(project, erasure.user(), BATCH)) {
      erase(erasure, batch);
      if (System.nanoTime() > deadline || (work != null && work.isStopping())) {
        erasures.release(erasure);
        return erasure;
      }
    }
    events.forgetUser(project, erasure.user());
    limits.forgetUser(project, erasure.user());
    var rest = new LinkedHashMap<String, Long>();
    rest.put("usage", (long) usage.forget(project, erasure.user()));
    rest.put(
        "vault_values", (long) jdbc.inTransaction(tx -> vault.shred(tx, project, erasure.user())));
    privacy.announce();
    erasure.add(rest, List.of(), List.of());
    var ended = erasures.complete(erasure);
    LOG.infof(
        "user erased project_id=%s erasure_id=%s counts=%s", project, ended.id(), ended.counts());
    return ended;
  }

  private void erase(Erasure erasure, List<ThreadId> batch) {
    var project = erasure.project();
    var named = store.files(project, batch);
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put("threads", (long) batch.size());
    counts.putAll(store.counts(project, batch));
    batch.forEach(thread -> delete(project, thread));
    var unused = store.unused(project, named);
    unused.forEach(id -> files.delete(project, new FileId(id)));
    // Those that were made for a thread are gone with it.
    counts.put("files", named.size() - keptOf(project, named));
    erasure.add(counts, batch.stream().map(ThreadId::value).toList(), named);
    erasures.progress(erasure);
  }

  /** Those of these files that still exist, as other threads name them. */
  private long keptOf(ProjectId project, List<String> named) {
    return files.findAll(project, named.stream().map(FileId::new).toList()).size();
  }

  private void delete(ProjectId project, ThreadId thread) {
    try {
      threads.deleteAndCommit(project, thread);
    } catch (ApiException e) {
      if (e.httpStatus() != 404) {
        throw e;
      }
    }
    events.deleteOfThread(project, thread);
    deliveries.deleteOfThread(project, thread);
  }
}
