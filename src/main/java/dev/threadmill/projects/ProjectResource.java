package dev.threadmill.projects;

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

/** Projects over HTTP: for admins, but everybody may look at their own. */
@Path("/v1/projects")
@RunOnVirtualThread
@Tag(name = "Projects", description = "What belongs together, and is invisible to other projects")
public class ProjectResource {
  private final Projects projects;

  ProjectResource(Projects projects) {
    this.projects = projects;
  }

  @POST
  @Operation(summary = "Create a project (admin key)")
  public ProjectObject create(CreateProject request) {
    Caller.current().requireAdmin();
    return projects.create(request);
  }

  @GET
  @Operation(summary = "List projects (admin key)")
  public Page<ProjectObject> list(@BeanParam PageRequest page) {
    Caller.current().requireAdmin();
    return projects.list(page);
  }

  @GET
  @Path("{project_id}")
  @Operation(summary = "Retrieve a project (admin key, or a key of the project)")
  public ProjectObject get(@PathParam("project_id") ProjectId id) {
    Caller.current().requireAccess(id);
    return projects.get(id);
  }

  @POST
  @Path("{project_id}")
  @Operation(
      summary = "Modify a project (admin key, or a key with the scope admin)",
      description = "Region and private path are set by an admin key.")
  public ProjectObject modify(@PathParam("project_id") ProjectId id, ModifyProject request) {
    if (request.setsWhereDataMayBe()) {
      Caller.current().requireAdmin();
    }
    return projects.modify(id, request);
  }

  @DELETE
  @Path("{project_id}")
  @Operation(
      summary = "Archive a project (admin key)",
      description = "Its keys stop working; what it holds stays, and its id can still be read.")
  public Deleted archive(@PathParam("project_id") ProjectId id) {
    Caller.current().requireAccess(id).requireAdmin();
    projects.archive(id);
    return Deleted.of(id, "project");
  }
}
