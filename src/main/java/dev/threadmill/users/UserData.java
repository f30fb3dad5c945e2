package dev.threadmill.users;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.events.EventLogStore;
import dev.threadmill.files.Files;
import dev.threadmill.privacy.Privacy;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.privacy.Vault;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.usage.UserUsage;
import dev.threadmill.webhooks.DeliveryStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * Reports and erases what a project holds about a user. An erasure is done in steps that are
 * committed one by one, so one that is interrupted is continued by the same request.
 */
@ApplicationScoped
class UserData {
  private static final Logger LOG = Logger.getLogger(UserData.class);
  private static final int MAX_LISTED = 1_000;
  private static final int BATCH = 25;

  /** How long one request erases. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final UserDataStore store;
  private final ThreadStore threads;
  private final Files files;
  private final EventLogStore events;
  private final DeliveryStore deliveries;
  private final UserUsage usage;
  private final Vault vault;
  private final Privacy privacy;
  private final Tokenizer tokenizer;
  private final Jdbc jdbc;

  UserData(
      UserDataStore store,
      ThreadStore threads,
      Files files,
      EventLogStore events,
      DeliveryStore deliveries,
      UserUsage usage,
      Vault vault,
      Privacy privacy,
      Tokenizer tokenizer,
      Jdbc jdbc) {
    this.store = store;
    this.threads = threads;
    this.files = files;
    this.events = events;
    this.deliveries = deliveries;
    this.usage = usage;
    this.vault = vault;
    this.privacy = privacy;
    this.tokenizer = tokenizer;
    this.jdbc = jdbc;
  }

  /** What there is about a user. */
  UserDataReport report(ProjectId project, String user) {
    var known = tokenizer.forSearch(project, user);
    var found = store.threads(project, known, MAX_LISTED);
    var named = store.files(project, found);
    var counts = counts(project, found, named.size());
    counts.put("usage", usage.count(project, known));
    counts.put("vault_values", (long) vault.count(project, known));
    return new UserDataReport(known, "user.data", null, counts, texts(found), named);
  }

  /** Erases what there is, and reports it. */
  UserDataReport erase(ProjectId project, String user) {
    var known = tokenizer.forSearch(project, user);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    var erased = new LinkedHashMap<String, Long>();
    var threadIds = new ArrayList<String>();
    var fileIds = new ArrayList<String>();
    while (true) {
      var batch = store.threads(project, known, BATCH);
      if (batch.isEmpty()) {
        break;
      }
      var named = store.files(project, batch);
      add(erased, counts(project, batch, 0));
      batch.forEach(thread -> delete(project, thread));
      var unused = store.unused(project, named);
      unused.forEach(id -> files.delete(project, new FileId(id)));
      // Those that were made for a thread are gone with it.
      erased.merge("files", named.size() - keptOf(project, named), Long::sum);
      addBounded(threadIds, texts(batch));
      addBounded(fileIds, named);
      if (System.nanoTime() > deadline) {
        return new UserDataReport(known, "user.erasure", "in_progress", erased, threadIds, fileIds);
      }
    }
    events.forgetUser(project, known);
    erased.put("usage", (long) usage.forget(project, known));
    int values = jdbc.inTransaction(tx -> vault.shred(tx, project, known));
    privacy.announce();
    erased.put("vault_values", (long) values);
    LOG.infof("user erased project_id=%s counts=%s", project, erased);
    return new UserDataReport(known, "user.erasure", "completed", erased, threadIds, fileIds);
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

  private Map<String, Long> counts(ProjectId project, List<ThreadId> found, int named) {
    var counts = new LinkedHashMap<String, Long>();
    counts.put("threads", (long) found.size());
    counts.putAll(store.counts(project, found));
    if (named > 0) {
      counts.put("files", (long) named);
    }
    return counts;
  }

  private static void add(Map<String, Long> all, Map<String, Long> more) {
    more.forEach((name, count) -> all.merge(name, count, Long::sum));
  }

  private static void addBounded(List<String> all, List<String> more) {
    all.addAll(more.subList(0, Math.min(more.size(), MAX_LISTED - all.size())));
  }

  private static List<String> texts(List<ThreadId> ids) {
    return ids.stream().map(ThreadId::value).toList();
  }
}
