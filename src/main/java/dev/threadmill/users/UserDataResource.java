package dev.threadmill.users;

import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Everything about a user of the application, whom the metadata of threads name as {@code user}.
 */
@Path("/v1/projects/{project_id}/users/{user}")
@RunOnVirtualThread
@Tag(name = "Users", description = "Everything about one user: a report, and its erasure")
public class UserDataResource {
  private final UserData data;
  private final EraseUser erase;
  private final ExportUser export;
  private final Projects projects;

  UserDataResource(UserData data, EraseUser erase, ExportUser export, Projects projects) {
    this.data = data;
    this.erase = erase;
    this.export = export;
    this.projects = projects;
  }

  @GET
  @Operation(
      summary = "Report what the project holds about a user",
      description =
          "Counts by kind, and the ids of the threads and files, by which they can be read.")
  public UserDataReport get(
      @PathParam("project_id") ProjectId project, @PathParam("user") String user) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return data.report(project, user);
  }

  @DELETE
  @Operation(
      summary = "Erase what the project holds about a user",
      description =
          "Threads with their messages, runs, memories and vectors, files that nothing else names,"
              + " events and webhook deliveries, and the key of the user in the vault. With much"
              + " data the status is 'in_progress': the erasure goes on in the background, and its"
              + " report is read by its id.")
  public UserDataReport erase(
      @PathParam("project_id") ProjectId project, @PathParam("user") String user) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return erase.erase(project, user);
  }

  @GET
  @Path("export")
  @Produces(ExportUser.JSONL)
  @Operation(
      summary = "Export what the project holds about a user",
      description =
          "One JSON object a line: an 'object' such as 'message', and its 'data'. Tokens are turned"
              + " back as they are for all callers. The contents of files are read by their ids.")
  public Response exported(
      @PathParam("project_id") ProjectId project, @PathParam("user") String user) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return Response.ok((StreamingOutput) out -> export.write(project, user, out))
        .type(ExportUser.JSONL)
        .build();
  }
}
