package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.RequestScoped;

/**
 * Who is calling: what the API key of the request in hand stands for.
 *
 * @param project where the caller is at work
 */
public record Caller(ProjectId project, ApiKeyId key, boolean isAdmin) {

  /** The caller of the request in hand. Not to be used on a thread that serves no request. */
  public static Caller current() {
    var caller = Arc.container().instance(OfRequest.class).get().caller;
    if (caller == null) {
      throw new IllegalStateException("this path is not behind the authentication filter");
    }
    return caller;
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
  public Caller requireSight(ProjectId other) {
    if (!isAdmin && !project.equals(other)) {
      throw ApiException.notFound("project", other);
    }
    return this;
  }

  void remember() {
    Arc.container().instance(OfRequest.class).get().caller = this;
  }

  /** Holds the caller as long as the request lasts. */
  @RequestScoped
  @Unremovable
  static class OfRequest {
    Caller caller;
  }
}
