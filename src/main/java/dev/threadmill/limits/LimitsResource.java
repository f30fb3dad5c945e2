package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The limits of projects over HTTP: set by admins, seen by everybody for their own project. */
@Path("/v1/projects/{project_id}/limits")
@RunOnVirtualThread
@Tag(name = "Projects")
public class LimitsResource {
  private final ProjectLimits setLimits;

  LimitsResource(ProjectLimits setLimits) {
    this.setLimits = setLimits;
  }

  @GET
  @Operation(
      summary = "Retrieve what a project may use and has used (admin key, or a key of the project)")
  public LimitsObject get(@PathParam("project_id") ProjectId project) {
    Caller.current().requireAccess(project);
    return setLimits.get(project);
  }

  @POST
  @Operation(
      summary = "Set what a project may use (admin key)",
      description = "What is left out stays as it is. Null takes a limit away.")
  public LimitsObject set(@PathParam("project_id") ProjectId project, ModifyLimits request) {
    Caller.current().requireAccess(project).requireAdmin();
    return setLimits.update(project, request);
  }
}
