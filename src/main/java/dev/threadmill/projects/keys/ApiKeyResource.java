package dev.threadmill.projects.keys;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.KeyLimits;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The API keys of a project over HTTP, for admins and keys with the scope {@code admin}. */
@Path("/v1/projects/{project_id}/api_keys")
@RunOnVirtualThread
@Tag(name = "Projects")
public class ApiKeyResource {
  private final ApiKeys keys;
  private final KeyLimits limits;

  ApiKeyResource(ApiKeys keys, KeyLimits limits) {
    this.keys = keys;
    this.limits = limits;
  }

  @POST
  @Operation(
      summary = "Create an API key (admin key, or a key with the scope admin)",
      description =
          "The secret is the answer's value. It cannot be read again. 'limits' are those of"
              + " POST …/api_keys/{key_id}/limits.")
  public ApiKeyObject.WithValue create(
      @PathParam("project_id") ProjectId project, CreateApiKey request) {
    var sent = request.limits();
    if (sent == null || sent.isNull()) {
      return keys.create(project, request);
    }
    // Limits are set in a second transaction. If the server stops in between, the secret of the key
    // was never shown, so the key cannot be used.
    var setLimits = limits.prepare(project, sent);
    var created = keys.create(project, request);
    setLimits.accept(new ApiKeyId(created.id()));
    return created;
  }

  @GET
  @Operation(summary = "List the API keys of a project (admin key, or a key with the scope admin)")
  public Page<ApiKeyObject> list(
      @PathParam("project_id") ProjectId project, @BeanParam PageRequest page) {
    return keys.list(project, page);
  }

  @GET
  @Path("{key_id}")
  @Operation(summary = "Retrieve an API key (admin key, or a key with the scope admin)")
  public ApiKeyObject get(
      @PathParam("project_id") ProjectId project, @PathParam("key_id") ApiKeyId id) {
    return keys.get(project, id);
  }

  @POST
  @Path("{key_id}")
  @Operation(
      summary = "Modify an API key (admin key, or a key with the scope admin)",
      description = "What is left out stays as it is. In force at once, also on open streams.")
  public ApiKeyObject modify(
      @PathParam("project_id") ProjectId project,
      @PathParam("key_id") ApiKeyId id,
      ModifyApiKey request) {
    return keys.modify(project, id, request);
  }

  @POST
  @Path("{key_id}/rotate")
  @Operation(
      summary = "Give an API key a new secret (admin key, or a key with the scope admin)",
      description =
          "The old secret works for 'overlap_seconds' more, a day unless set. The new one is the"
              + " answer's value. It cannot be read again.")
  public ApiKeyObject.WithValue rotate(
      @PathParam("project_id") ProjectId project,
      @PathParam("key_id") ApiKeyId id,
      RotateApiKey request) {
    return keys.rotate(project, id, request == null ? new RotateApiKey(null) : request);
  }

  @DELETE
  @Path("{key_id}")
  @Operation(summary = "Delete an API key (admin key, or a key with the scope admin)")
  public Deleted delete(
      @PathParam("project_id") ProjectId project, @PathParam("key_id") ApiKeyId id) {
    keys.delete(project, id);
    return Deleted.of(id, "project.api_key");
  }
}
