package dev.threadmill.limits.rest;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.limits.BurstObject;
import dev.threadmill.limits.CreateBurst;
import dev.threadmill.limits.LimitsObject;
import dev.threadmill.limits.ManageLimits;
import dev.threadmill.limits.ModifyLimits;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import dev.threadmill.projects.keys.ApiKeys;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Limits over HTTP: set by admins, shown to every key of the project. */
@Path("/v1/projects/{project_id}")
@RunOnVirtualThread
@Tag(name = "Projects")
public class LimitsResource {
  private static final String SEMANTICS =
      "Fields that are left out keep their value. Null removes a limit.";

  private final ManageLimits limits;
  private final Projects projects;
  private final ApiKeys keys;

  LimitsResource(ManageLimits limits, Projects projects, ApiKeys keys) {
    this.limits = limits;
    this.projects = projects;
    this.keys = keys;
  }

  @GET
  @Path("limits")
  @Operation(
      summary =
          "Retrieve the limits of a project and their usage (admin key, or a key of the project)")
  public LimitsObject get(@PathParam("project_id") ProjectId project) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return limits.get(project);
  }

  @POST
  @Path("limits")
  @Operation(summary = "Set the limits of a project (admin key)", description = SEMANTICS)
  public LimitsObject set(@PathParam("project_id") ProjectId project, ModifyLimits request) {
    Caller.current().requireAccess(project).requireAdmin();
    projects.requireExisting(project);
    return limits.update(project, request);
  }

  @POST
  @Path("bursts")
  @Operation(
      summary = "Add a prepaid burst to the budgets of a project (admin key)",
      description =
          "Calls that a budget of the project does not cover are taken from its bursts, for 90"
              + " days. The limits of the project list them.")
  public BurstObject addBurst(@PathParam("project_id") ProjectId project, CreateBurst request) {
    Caller.current().requireAccess(project).requireAdmin();
    projects.requireExisting(project);
    return limits.addBurst(project, request);
  }

  @GET
  @Path("api_keys/{key_id}/limits")
  @Operation(
      summary =
          "Retrieve the limits of an API key and their usage (admin key, or a key of the project)")
  public LimitsObject getOfKey(
      @PathParam("project_id") ProjectId project, @PathParam("key_id") ApiKeyId key) {
    Caller.current().requireAccess(project);
    keys.requireExisting(project, key);
    return limits.get(project, key);
  }

  @POST
  @Path("api_keys/{key_id}/limits")
  @Operation(
      summary = "Set the limits of an API key (admin key)",
      description =
          "They apply in addition to those of the project. There is no limit of concurrent threads"
              + " for a key. "
              + SEMANTICS)
  public LimitsObject setOfKey(
      @PathParam("project_id") ProjectId project,
      @PathParam("key_id") ApiKeyId key,
      ModifyLimits request) {
    Caller.current().requireAccess(project).requireAdmin();
    keys.requireExisting(project, key);
    return limits.update(project, key, request);
  }
}
