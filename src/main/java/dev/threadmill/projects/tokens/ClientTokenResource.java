package dev.threadmill.projects.tokens;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Client tokens over HTTP, for the backends of web pages. */
@Path("/v1/client_tokens")
@RunOnVirtualThread
@Tag(name = "Client tokens", description = "Short-lived tokens for browsers, each bound to a user")
public class ClientTokenResource {
  private final ClientTokens tokens;

  ClientTokenResource(ClientTokens tokens) {
    this.tokens = tokens;
  }

  @POST
  @Operation(
      summary = "Create a client token",
      description =
          "It opens and sees the threads of its user, and no others. The secret is the answer's"
              + " value. It cannot be read again.")
  public ClientTokenObject.WithValue create(CreateClientToken request) {
    return tokens.create(Caller.current(), Bounds.required("user", request));
  }

  @GET
  @Operation(summary = "List client tokens that work", description = "Filtered by user, if given.")
  public Page<ClientTokenObject> list(
      @BeanParam PageRequest page, @QueryParam("user") String user) {
    return tokens.list(Caller.current().project(), user, page);
  }

  @GET
  @Path("{token_id}")
  @Operation(summary = "Retrieve a client token")
  public ClientTokenObject get(@PathParam("token_id") ApiKeyId id) {
    return tokens.get(Caller.current().project(), id);
  }

  @POST
  @Path("{token_id}/refresh")
  @Operation(
      summary = "Give a client token a new secret, and its whole lifetime again",
      description =
          "The old secret works for 'overlap_seconds' more, a minute unless set, but no longer than"
              + " it would have. An expired token cannot be refreshed.")
  public ClientTokenObject.WithValue refresh(
      @PathParam("token_id") ApiKeyId id, RefreshClientToken request) {
    var body = request == null ? new RefreshClientToken(null) : request;
    return tokens.refresh(Caller.current().project(), id, body.overlapSeconds());
  }

  @DELETE
  @Path("{token_id}")
  @Operation(
      summary = "Revoke a client token",
      description = "In force at once, on every node and on open streams.")
  public Deleted revoke(@PathParam("token_id") ApiKeyId id) {
    tokens.revoke(Caller.current().project(), id);
    return Deleted.of(id, ClientTokenObject.OBJECT);
  }
}
