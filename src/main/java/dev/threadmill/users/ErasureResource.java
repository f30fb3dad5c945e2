package dev.threadmill.users;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The reports of erasures of users over HTTP. */
@Path("/v1/projects/{project_id}/user_erasures")
@RunOnVirtualThread
@Tag(name = "Users")
public class ErasureResource {
  private final ErasureStore erasures;
  private final Projects projects;

  ErasureResource(ErasureStore erasures, Projects projects) {
    this.erasures = erasures;
    this.projects = projects;
  }

  @GET
  @Operation(
      summary = "List the erasures of users",
      description = "Those that have ended do not name the user any more.")
  public Page<UserDataReport> list(
      @PathParam("project_id") ProjectId project, @BeanParam PageRequest page) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return erasures.list(project, page).map(Erasure::report);
  }

  @GET
  @Path("{erasure_id}")
  @Operation(summary = "Retrieve the report of an erasure")
  public UserDataReport get(
      @PathParam("project_id") ProjectId project, @PathParam("erasure_id") String id) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return erasures
        .find(project, id)
        .map(Erasure::report)
        .orElseThrow(() -> ApiException.notFound("erasure", id));
  }
}
