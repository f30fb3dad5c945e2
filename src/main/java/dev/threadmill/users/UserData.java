package dev.threadmill.users;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.privacy.Vault;
import dev.threadmill.usage.UserUsage;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reports what a project holds about a user. */
@ApplicationScoped
class UserData {
  private final UserDataStore store;
  private final UserUsage usage;
  private final Vault vault;
  private final Tokenizer tokenizer;

  UserData(UserDataStore store, UserUsage usage, Vault vault, Tokenizer tokenizer) {
    this.store = store;
    this.usage = usage;
    this.vault = vault;
    this.tokenizer = tokenizer;
  }

  /** What there is about a user. */
  UserDataReport report(ProjectId project, String user) {
    var known = tokenizer.forSearch(project, user);
    var found = store.threads(project, known, Erasure.MAX_LISTED);
    var named = store.files(project, found);
    var counts = counts(project, found, named.size());
    counts.put("usage", usage.count(project, known));
    counts.put("vault_values", (long) vault.count(project, known));
    return new UserDataReport(
        known, "user.data", known, null, null, null, counts, texts(found), named);
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

  private static List<String> texts(List<ThreadId> ids) {
    return ids.stream().map(ThreadId::value).toList();
  }
}
