package dev.threadmill.threads;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StoredObject;
import dev.threadmill.api.ThreadId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Reads a thread that a repeated request has made. */
@ApplicationScoped
class StoredThread implements StoredObject {
  private final ThreadStore threads;

  StoredThread(ThreadStore threads) {
    this.threads = threads;
  }

  @Override
  public String prefix() {
    return ThreadId.PREFIX;
  }

  @Override
  public Optional<Object> read(ProjectId project, String thread, String id) {
    return threads.find(project, new ThreadId(id)).map(ThreadObject::of);
  }
}
