package dev.threadmill.api;

import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/**
 * The owner of the work of the current thread, such as the id of a project: owners take turns where
 * work waits for threads or memory.
 */
public final class WorkOwner {
  /** Work of the server itself, and of requests without a key. */
  public static final String NONE = "";

  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  private WorkOwner() {}

  /** The owner of what the thread does; {@link #NONE} if it is not known. */
  public static String current() {
    if (SCOPED.isBound()) {
      return SCOPED.get();
    }
    var container = Arc.container();
    if (container == null || !container.requestContext().isActive()) {
      return NONE;
    }
    var owner = container.instance(OfRequest.class).get().get();
    return owner == null ? NONE : owner;
  }

  /**
   * The project that the work of the thread is done for. An owner is a project, or a kind of work
   * of it, such as {@code proj_1/memory}.
   *
   * @return empty for work of the server itself
   */
  public static Optional<ProjectId> project() {
    var owner = current();
    int slash = owner.indexOf('/');
    var id = slash < 0 ? owner : owner.substring(0, slash);
    return id.isEmpty() ? Optional.empty() : Optional.of(new ProjectId(id));
  }

  /** Does the work in the name of this owner. */
  public static void run(String owner, Runnable work) {
    ScopedValue.where(SCOPED, owner).run(work);
  }

  /** As {@link #run}, for work with a result, or with exceptions of its own. */
  public static <R, X extends Throwable> R call(
      String owner, ScopedValue.CallableOp<? extends R, X> work) throws X {
    return ScopedValue.where(SCOPED, owner).call(work);
  }

  /** Says whose request the current one is. */
  public static void setForRequest(String owner) {
    Arc.container().instance(OfRequest.class).get().set(owner);
  }

  /** Holds the owner for the duration of a request. */
  @RequestScoped
  @Unremovable
  static class OfRequest {
    private String owner;

    String get() {
      return owner;
    }

    void set(String newOwner) {
      owner = newOwner;
    }
  }
}
