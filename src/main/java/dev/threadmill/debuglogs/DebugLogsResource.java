package dev.threadmill.debuglogs;

import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.debuglogs.DebugLogSettings.AfterRetention;
import dev.threadmill.debuglogs.DebugLogSettings.Settings;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Debug logs over HTTP, for admins. */
@Path("/v1/projects/{project_id}/logs/debug")
@RunOnVirtualThread
@Tag(name = "Debug logs")
public class DebugLogsResource {
  private final DebugLogStore store;
  private final ReadDebugLog log;
  private final DebugLogSettings settings;
  private final SealedContent sealed;
  private final Projects projects;

  DebugLogsResource(
      DebugLogStore store,
      ReadDebugLog log,
      DebugLogSettings settings,
      SealedContent sealed,
      Projects projects) {
    this.store = store;
    this.log = log;
    this.settings = settings;
    this.sealed = sealed;
    this.projects = projects;
  }

  /**
   * New settings; what is left out stays.
   *
   * @param enabled null for unchanged
   * @param afterRetention null for unchanged
   */
  @Schema(name = "ModifyDebugLogSettings")
  public record ModifySettings(Boolean enabled, AfterRetention afterRetention) {}

  /** How many entries were deleted. */
  @Schema(name = "DeletedDebugLog")
  public record DeletedLog(String object, int entries, boolean deleted) {}

  @GET
  @Operation(
      summary = "List the debug log of a project, without the contents (admin key)",
      description =
          "Requests are kept that are sent with OpenAI-Log-Level: debug, and all that change"
              + " something if the project is set so.")
  public Page<DebugLogEntry> list(
      @PathParam("project_id") ProjectId project,
      @QueryParam("request_id") String request,
      @QueryParam("run_id") String run,
      @BeanParam PageRequest page) {
    require(project);
    return store.list(project, text("request_id", request), text("run_id", run), page);
  }

  private static String text(String field, String value) {
    return value == null ? null : StorableText.require(field, value);
  }

  @DELETE
  @Operation(summary = "Delete the debug log of a project (admin key)")
  public DeletedLog delete(@PathParam("project_id") ProjectId project) {
    require(project);
    return new DeletedLog("debug_log.deleted", log.deleteAll(project), true);
  }

  @GET
  @Path("settings")
  @Operation(summary = "Retrieve the settings of the debug log of a project (admin key)")
  public Settings settings(@PathParam("project_id") ProjectId project) {
    require(project);
    return settings.get(project);
  }

  @POST
  @Path("settings")
  @Operation(
      summary = "Set the debug log of a project (admin key)",
      description =
          "With enabled=true all requests that change something are kept, not only those that ask"
              + " for it. After seven days entries are deleted or archived.")
  public Settings set(@PathParam("project_id") ProjectId project, ModifySettings request) {
    require(project);
    var now = settings.get(project);
    boolean isEnabled = request.enabled() == null ? now.enabled() : request.enabled();
    if (isEnabled) {
      // Answers 400 if this server cannot encrypt.
      sealed.seal(project, "");
    }
    return settings.set(
        project,
        isEnabled,
        request.afterRetention() == null ? now.afterRetention() : request.afterRetention());
  }

  @GET
  @Path("{entry_id}")
  @Operation(
      summary = "Retrieve an entry of a debug log with its content (admin key)",
      description = "Each access is an event debug_log.accessed of the project.")
  public DebugLogEntry entry(
      @PathParam("project_id") ProjectId project, @PathParam("entry_id") String id) {
    require(project);
    return log.entry(project, StorableText.require("entry_id", id));
  }

  private void require(ProjectId project) {
    Caller.current().requireAccess(project).requireAdmin();
    projects.requireExisting(project);
  }
}
