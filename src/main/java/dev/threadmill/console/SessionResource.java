package dev.threadmill.console;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.projects.Credential;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Sessions of the console over HTTP. */
@Path("/v1/console_sessions")
@RunOnVirtualThread
@Tag(name = "Console", description = "Sessions of browsers that use the console")
public class SessionResource {
  private final ConsoleSessions sessions;
  private final ConsoleConfig config;

  SessionResource(ConsoleSessions sessions, ConsoleConfig config) {
    this.sessions = sessions;
    this.config = config;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Sign in to the console",
      description =
          "Opens a session with the rights of the key, and sets it as a cookie that scripts cannot"
              + " read. The session ends with the key.")
  public SessionObject open(@Context RoutingContext connection) {
    if (!config.enabled()) {
      throw ApiException.forbidden(
          "The console is switched off (THREADMILL_CONSOLE_ENABLED=false).");
    }
    var opened =
        sessions
            .open(Credential.current())
            .orElseThrow(
                () ->
                    ApiException.forbidden(
                        "A session is opened with a key, not with another session."));
    connection
        .response()
        .putHeader(HttpHeaders.SET_COOKIE, SessionCookie.of(opened, connection.request()));
    return SessionObject.current(opened.expiresAt().getEpochSecond());
  }

  @GET
  @Path("current")
  @Operation(
      summary = "Retrieve the session of this browser, or what the key of the request may do")
  public SessionObject current() {
    var until = Credential.current().validUntil();
    return SessionObject.current(until == null ? null : until.getEpochSecond());
  }

  @DELETE
  @Path("current")
  @Operation(
      summary = "Sign out of the console",
      description = "In force at once, on every node and on open streams.")
  public Deleted end(@Context RoutingContext connection) {
    if (!sessions.end(Credential.current())) {
      throw ApiException.notFound("console session", "current");
    }
    connection
        .response()
        .putHeader(HttpHeaders.SET_COOKIE, SessionCookie.expired(connection.request()));
    return new Deleted("current", "console.session.deleted", true);
  }
}
