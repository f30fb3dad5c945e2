package dev.threadmill.projects;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.http.VersionAliases;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Requires a key for every path under {@code /v1}, checks that it may be used for this operation,
 * and binds its {@link Caller} to the request. The project, the private path and the region that
 * the request names must be those of the key. Runs on the thread of the resource method, since a
 * key that is not cached is looked up in the database.
 */
public class AuthenticationFilter {
  static final String PROJECT_HEADER = "OpenAI-Project";

  /** Paths that need no key. Their resources decide what is shown without one. */
  private static final Pattern PUBLIC =
      Pattern.compile("/v1/a2a/[^/]+/\\.well-known/agent-card\\.json");

  private static final String SCHEME = "Bearer ";

  private final ApiKeyCache keys;
  private final Residency residency;
  private final AuthorizeRequest authorize;

  AuthenticationFilter(ApiKeyCache keys, Residency residency, AuthorizeRequest authorize) {
    this.keys = keys;
    this.residency = residency;
    this.authorize = authorize;
  }

  @ServerRequestFilter(priority = Priorities.AUTHENTICATION)
  public void authenticate(
      ContainerRequestContext request, RoutingContext connection, ResourceInfo resource) {
    var path = request.getUriInfo().getPath();
    if (!path.equals("/v1") && !path.startsWith("/v1/")) {
      return;
    }
    if (PUBLIC.matcher(path).matches()
        && request.getHeaderString(HttpHeaders.AUTHORIZATION) == null) {
      return;
    }
    var secret = secret(request.getHeaderString(HttpHeaders.AUTHORIZATION));
    var access = authorize.admit(secret, request, connection, resource.getResourceMethod());
    var grant = access.grant();
    var caller = caller(grant, request.getHeaderString(PROJECT_HEADER));
    VersionAliases.privatePath(connection).ifPresent(name -> requireOwner(grant, name));
    var named = request.getUriInfo().getPathParameters().getFirst("project_id");
    if (named != null) {
      caller.requireAccess(new ProjectId(named));
    }
    authorize.requireScope(access);
    residency.requireAgreement(caller.project(), request.getHeaderString(Residency.HEADER));
    caller.bind(access);
    WorkOwner.setForRequest(caller.project().value());
  }

  /** A private path answers to the keys of its project; admin keys have no project. */
  private void requireOwner(Grant grant, String name) {
    var owner = keys.ownerOfPath(name);
    if (owner.isPresent() && !owner.get().equals(grant.project())) {
      throw ApiException.notFound("private path", name);
    }
  }

  private Caller caller(Grant grant, String wanted) {
    if (wanted == null || wanted.isBlank()) {
      return caller(grant, grant.isAdmin() ? Projects.DEFAULT : grant.project());
    }
    if (grant.isAdmin()) {
      return caller(grant, existing(wanted));
    }
    if (!grant.project().value().equals(wanted)) {
      throw mismatched(
          "The %s header names a project that the API key does not belong to."
              .formatted(PROJECT_HEADER));
    }
    return caller(grant, grant.project());
  }

  private static Caller caller(Grant grant, ProjectId project) {
    return new Caller(project, grant.key(), grant.isAdmin(), grant.scopes(), grant.user());
  }

  private ProjectId existing(String wanted) {
    var project = new ProjectId(wanted);
    if (!keys.isActive(project)) {
      throw ApiException.notFound("project", wanted);
    }
    return project;
  }

  static Secret secret(String header) {
    if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw ApiException.unauthorized(
          "You didn't provide an API key. Send it in an Authorization header, as in"
              + " 'Authorization: Bearer YOUR_KEY'.");
    }
    return new Secret(header.substring(SCHEME.length()).strip());
  }

  private static ApiException mismatched(String message) {
    return new ApiException(
        401, new ApiError(message, ApiError.INVALID_REQUEST, null, "mismatched_project"));
  }
}
