package dev.threadmill.events;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import dev.threadmill.projects.Projects;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.InstantSource;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The log of events over HTTP. */
@Path("/v1/projects/{project_id}/logs")
@RunOnVirtualThread
@Tag(name = "Events")
public class LogsResource {
  private final EventLogStore store;
  private final LogFollowers followers;
  private final Projects projects;
  private final InstantSource clock;

  LogsResource(
      EventLogStore store, LogFollowers followers, Projects projects, InstantSource clock) {
    this.store = store;
    this.followers = followers;
    this.projects = projects;
    this.clock = clock;
  }

  @GET
  @Produces({MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "List the events of a project, or follow them (admin key, or a key of the project)",
      description =
          "With stream=true, new events are sent as server-sent events as they happen, from"
              + " Last-Event-ID or 'after' on if there is one. A stream ends after 15 minutes, and"
              + " when its key is deleted; the client resumes with Last-Event-ID.")
  @APIResponse(
      responseCode = "200",
      description = "A page of events, or a stream of them",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = EventObject.PageOfEvents.class)),
        @Content(
            mediaType = MediaType.SERVER_SENT_EVENTS,
            schema = @Schema(type = SchemaType.STRING))
      })
  public Response list(
      @PathParam("project_id") ProjectId project,
      @BeanParam EventFilter filter,
      @BeanParam PageRequest page,
      @QueryParam("stream") String stream,
      @HeaderParam("Last-Event-ID") String lastEventId) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    var condition = filter.condition();
    if (isStream(stream)) {
      return follow(project, condition, page, lastEventId);
    }
    return Response.ok(store.page(project, condition, page).map(LoggedEvent::shown))
        .type(MediaType.APPLICATION_JSON)
        .build();
  }

  private Response follow(
      ProjectId project, EventFilter.Condition condition, PageRequest page, String lastEventId) {
    followers.requireCapacity(project);
    boolean resumes = lastEventId != null && !lastEventId.isEmpty();
    var after = resumes ? lastEventId : page.after();
    long position =
        after == null
            ? store.head()
            : store.positionOf(project, resumes ? "Last-Event-ID" : "after", after);
    return Response.ok(new LogStream(store, followers, project, condition, clock, position))
        .type(MediaType.SERVER_SENT_EVENTS)
        .build();
  }

  private static boolean isStream(String stream) {
    return switch (stream == null ? "false" : stream) {
      case "true" -> true;
      case "false" -> false;
      default -> throw ApiException.invalid("stream", "Invalid 'stream': expected true or false.");
    };
  }
}
