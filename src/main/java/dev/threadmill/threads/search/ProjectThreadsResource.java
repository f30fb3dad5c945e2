package dev.threadmill.threads.search;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.TimeParam;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.threads.ConversationThread;
import dev.threadmill.threads.MetadataFilter;
import io.quarkus.arc.All;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Search among the threads of a project. */
@Path("/v1/projects/{project_id}/threads")
@RunOnVirtualThread
@Tag(name = "Threads")
public class ProjectThreadsResource {
  private static final int LONGEST_VALUE = 1_000;

  private final FindThreads threads;
  private final List<ThreadFinder> finders;
  private final Tokenizer tokenizer;

  ProjectThreadsResource(
      FindThreads threads, @All List<ThreadFinder> finders, Tokenizer tokenizer) {
    this.threads = threads;
    this.finders = finders;
    this.tokenizer = tokenizer;
  }

  @GET
  @Operation(
      summary = "Search the threads of a project",
      description =
          "By words of their messages (query), how a run of theirs ended (run_status), assistant,"
              + " user, status, time of creation in Unix seconds, and metadata[key]=value.")
  public Page<FoundThread> list(
      @PathParam("project_id") ProjectId project,
      @BeanParam PageRequest page,
      @QueryParam("query") String query,
      @QueryParam("run_status") String runStatus,
      @QueryParam("assistant_id") AssistantId assistant,
      @QueryParam("user") String user,
      @QueryParam("status") String status,
      @QueryParam("created_after") String from,
      @QueryParam("created_before") String to,
      @Context UriInfo uri) {
    var parameters = uri.getQueryParameters();
    Set<ThreadId> found = null;
    for (var finder : finders) {
      var value = text(finder.parameter(), parameters.getFirst(finder.parameter()));
      if (value != null) {
        var ids = finder.find(project, tokenizer.forSearch(project, value));
        found = found == null ? new HashSet<>(ids) : found;
        found.retainAll(ids);
      }
    }
    var filter =
        new FindThreads.Filter(
            assistant,
            tokenizer.forSearch(project, text("user", user)),
            status(text("status", status)),
            MetadataFilter.of(parameters, value -> tokenizer.forSearch(project, value)),
            time("created_after", from),
            time("created_before", to),
            found);
    return threads.find(project, filter, page);
  }

  private static String text(String param, String value) {
    if (value == null || value.isBlank()) {
      return null;
    }
    if (value.length() > LONGEST_VALUE) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected at most %d characters.".formatted(param, LONGEST_VALUE));
    }
    return StorableText.require(param, value);
  }

  private static ConversationThread.Status status(String status) {
    return switch (status) {
      case null -> null;
      case "active" -> ConversationThread.Status.ACTIVE;
      case "archived" -> ConversationThread.Status.ARCHIVED;
      default ->
          throw ApiException.invalid("status", "Invalid 'status': expected active or archived.");
    };
  }

  private static Instant time(String param, String value) {
    return value == null || value.isBlank() ? null : TimeParam.parse(param, value);
  }
}
