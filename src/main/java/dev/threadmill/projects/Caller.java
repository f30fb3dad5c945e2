package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.http.RequestId;
import dev.threadmill.telemetry.Cause;
import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;
import java.util.Set;

/**
 * The caller of a request, as its API key, client token or identity provider identifies it.
 *
 * @param project the project that the request is about
 * @param key the id of the API key or client token
 * @param isAdmin whether it may act in every project
 * @param user of a client token; null for all others
 */
public record Caller(
    ProjectId project, ApiKeyId key, boolean isAdmin, Set<Scope> scopes, ClientUser user) {
  public Caller {
    scopes = Set.copyOf(scopes);
  }

  /**
   * The caller of the current request.
   *
   * @throws IllegalStateException on a thread that serves no authenticated request
   */
  public static Caller current() {
    return find()
        .orElseThrow(
            () -> new IllegalStateException("this path is not behind the authentication filter"));
  }

  /** The caller of the current request; empty without a request or without a key. */
  public static Optional<Caller> find() {
    return ofRequest().map(RequestCaller::get);
  }

  /** The user of the client token of the current request; empty for all other requests. */
  public static Optional<ClientUser> clientUser() {
    return find().map(Caller::user);
  }

  /** What the current request was admitted with; empty without a key. */
  static Optional<OpenStreams.Access> accessOfRequest() {
    return ofRequest().map(RequestCaller::access);
  }

  private static Optional<RequestCaller> ofRequest() {
    var container = Arc.container();
    return container != null && container.requestContext().isActive()
        ? Optional.of(container.instance(RequestCaller.class).get())
        : Optional.empty();
  }

  /**
   * The current request as the cause of events; {@link Cause#NONE} on a thread that serves none.
   */
  public static Cause causeOfRequest() {
    return find().map(caller -> new Cause(caller.key(), RequestId.current())).orElse(Cause.NONE);
  }

  /** Answers 403 unless the caller is an admin of the server. */
  public Caller requireAdmin() {
    if (!isAdmin) {
      throw ApiException.forbidden(
          "This API method needs an admin key, and the key you sent belongs to a project.");
    }
    return this;
  }

  /** Answers 404 unless the caller is an admin or its key belongs to this project. */
  public Caller requireAccess(ProjectId other) {
    if (!isAdmin && !project.equals(other)) {
      throw ApiException.notFound("project", other);
    }
    return this;
  }

  void bind(OpenStreams.Access access) {
    Arc.container().instance(RequestCaller.class).get().set(this, access);
  }

  /**
   * Holds the caller for the duration of a request. Other classes have a client proxy of it, whose
   * methods lead to the current request but whose fields do not.
   */
  @RequestScoped
  @Unremovable
  static class RequestCaller {
    private Caller caller;
    private OpenStreams.Access access;

    Caller get() {
      return caller;
    }

    OpenStreams.Access access() {
      return access;
    }

    void set(Caller newCaller, OpenStreams.Access newAccess) {
      caller = newCaller;
      access = newAccess;
    }
  }
}
