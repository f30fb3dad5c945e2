package dev.threadmill.threads;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds a thread that a request with an idempotency key has created. */
@ApplicationScoped
class ThreadLookup implements ObjectLookup {
  private final ThreadStore threads;

  ThreadLookup(ThreadStore threads) {
    this.threads = threads;
  }

  @Override
  public String prefix() {
    return ThreadId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return threads.find(project, new ThreadId(id)).map(ThreadObject::of);
  }
}
