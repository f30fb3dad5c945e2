package dev.threadmill.usage;

import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;

/** Which usage names a user of an application, for reports about the user and its erasure. */
@ApplicationScoped
public class UserUsage {
  private final UsageStore store;

  UserUsage(UsageStore store) {
    this.store = store;
  }

  /** How many sums name the user. */
  public long count(ProjectId project, String user) {
    return store.countOfUser(project, user);
  }

  /**
   * Takes the user out of usage. What was used stays, as usage without a user.
   *
   * @return how many sums named the user
   */
  public int forget(ProjectId project, String user) {
    return store.forgetUser(project, user);
  }
}
