package dev.threadmill.projects;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The API keys of a project over HTTP, for admins. */
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
      summary = "Create an API key (admin key)",
      description =
          "The secret is the answer's value. It cannot be read again. 'limits' are those of"
              + " POST …/api_keys/{key_id}/limits.")
  public ApiKeyObject.WithValue create(
      @PathParam("project_id") ProjectId project, CreateApiKey request) {
    Caller.current().requireAccess(project).requireAdmin();
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
  @Operation(summary = "List the API keys of a project (admin key)")
  public Page<ApiKeyObject> list(
      @PathParam("project_id") ProjectId project, @BeanParam PageRequest page) {
    Caller.current().requireAccess(project).requireAdmin();
    return keys.list(project, page);
  }

  @DELETE
  @Path("{key_id}")
  @Operation(summary = "Delete an API key (admin key)")
  public Deleted delete(
      @PathParam("project_id") ProjectId project, @PathParam("key_id") ApiKeyId id) {
    Caller.current().requireAccess(project).requireAdmin();
    keys.delete(project, id);
    return Deleted.of(id, "project.api_key");
  }
}
