package dev.threadmill.telemetry.tracing;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.RequestScoped;

/**
 * Work whose requests and prompts are kept in the debug log of a project.
 *
 * @param requestId of the request that the work is for
 * @param thread null if the work is for none
 * @param run null if the work is for none
 */
public record DebugWork(ProjectId project, String requestId, ThreadId thread, RunId run) {
  private static final ScopedValue<DebugWork> SCOPED = ScopedValue.newInstance();

  /** The work of this thread, or of its request; null if nothing of it is kept. */
  public static DebugWork current() {
    if (SCOPED.isBound()) {
      return SCOPED.get();
    }
    var container = Arc.container();
    return container == null || !container.requestContext().isActive()
        ? null
        : container.instance(OfRequest.class).get().get();
  }

  /** Does work that is kept. */
  public void run(Runnable work) {
    ScopedValue.where(SCOPED, this).run(work);
  }

  /** Keeps what the current request does. */
  public void bindToRequest() {
    Arc.container().instance(OfRequest.class).get().set(this);
  }

  /** Holds the work for the duration of a request. */
  @RequestScoped
  @Unremovable
  static class OfRequest {
    private DebugWork work;

    DebugWork get() {
      return work;
    }

    void set(DebugWork newWork) {
      work = newWork;
    }
  }
}
