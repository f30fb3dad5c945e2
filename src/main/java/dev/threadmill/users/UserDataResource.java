package dev.threadmill.users;

import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
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
  private final Projects projects;

  UserDataResource(UserData data, Projects projects) {
    this.data = data;
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
              + " data the status is 'in_progress': the same request continues.")
  public UserDataReport erase(
      @PathParam("project_id") ProjectId project, @PathParam("user") String user) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    return data.erase(project, user);
  }
}
