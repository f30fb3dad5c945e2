package dev.threadmill.limits.rest;

import dev.threadmill.api.ProjectId;
import dev.threadmill.limits.LimitsObject;
import dev.threadmill.limits.ManageLimits;
import dev.threadmill.limits.ModifyLimits;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The limits of a user of the application over HTTP, which keys of the project set. */
@Path("/v1/projects/{project_id}/users/{user}/limits")
@RunOnVirtualThread
@Tag(name = "Users")
public class UserLimitsResource {
  private final ManageLimits limits;
  private final Projects projects;

  UserLimitsResource(ManageLimits limits, Projects projects) {
    this.limits = limits;
    this.projects = projects;
  }

  @GET
  @Operation(summary = "Retrieve the limits of a user and their usage")
  public LimitsObject get(
      @PathParam("project_id") ProjectId project, @PathParam("user") String user) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return limits.getOfUser(project, user);
  }

  @POST
  @Operation(
      summary = "Set the limits of a user",
      description =
          "They apply to runs on threads whose metadata name the user, and to other model calls"
              + " that name it, in addition to those of the project and the API key. Fields that"
              + " are left out keep their value. Null removes a limit.")
  public LimitsObject update(
      @PathParam("project_id") ProjectId project,
      @PathParam("user") String user,
      ModifyLimits request) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return limits.updateOfUser(project, user, request);
  }
}
