package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;

/**
 * Who is calling: what the API key of the request in hand stands for.
 *
 * @param project where the caller is at work
 */
public record Caller(ProjectId project, ApiKeyId key, boolean isAdmin) {

  /** The caller of the request in hand. Not to be used on a thread that serves no request. */
  public static Caller current() {
    return find()
        .orElseThrow(
            () -> new IllegalStateException("this path is not behind the authentication filter"));
  }

  /** The caller of the request in hand; empty where one may come without a key. */
  public static Optional<Caller> find() {
    return Arc.container().requestContext().isActive()
        ? Optional.ofNullable(Arc.container().instance(RequestCaller.class).get().get())
        : Optional.empty();
  }

  /** Answers 403 unless the caller is an admin. */
  public Caller requireAdmin() {
    if (!isAdmin) {
      throw ApiException.forbidden(
          "This API method needs an admin key, and the key you sent belongs to a project.");
    }
    return this;
  }

  /** Answers 404 unless the caller may look at this project: an admin, or one who is in it. */
  public Caller requireAccess(ProjectId other) {
    if (!isAdmin && !project.equals(other)) {
      throw ApiException.notFound("project", other);
    }
    return this;
  }

  void bind() {
    Arc.container().instance(RequestCaller.class).get().set(this);
  }

  /**
   * Holds the caller as long as the request lasts. What others have of it is a proxy that all
   * requests share: only its methods lead to the request in hand, its fields do not.
   */
  @RequestScoped
  @Unremovable
  static class RequestCaller {
    private Caller caller;

    Caller get() {
      return caller;
    }

    void set(Caller newCaller) {
      caller = newCaller;
    }
  }
}
