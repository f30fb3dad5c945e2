package dev.threadmill.usage;

import dev.threadmill.api.ApiException;
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
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The usage of a project over HTTP. */
@Path("/v1/projects/{project_id}/usage")
@RunOnVirtualThread
@Tag(name = "Usage", description = "What was used, and what it cost")
public class ProjectUsageResource {
  private static final String CSV = "text/csv";
  private static final int MAX_CSV_ROWS = 100_000;
  private static final Map<String, Dimension> GROUPS =
      Stream.of(Dimension.values())
          .filter(dimension -> dimension != Dimension.PROJECT_ID)
          .collect(Collectors.toMap(Dimension::field, Function.identity()));

  private final ReadUsage usage;
  private final Projects projects;

  ProjectUsageResource(ReadUsage usage, Projects projects) {
    this.usage = usage;
    this.projects = projects;
  }

  @GET
  @Produces({MediaType.APPLICATION_JSON, CSV})
  @Operation(
      summary = "Retrieve the usage and the cost of a project (admin key, or a key of the project)",
      description =
          "By buckets of time (bucket_width 1m, 1h or 1d, in UTC), told apart by the dimensions of"
              + " group_by: api_key_id, user_id, assistant_id, model, operation; and thread_id and"
              + " run_id, which are known for the last days only. With format=csv, or Accept:"
              + " text/csv, the rows are CSV.")
  @APIResponse(
      responseCode = "200",
      description = "Buckets of usage, or their rows as CSV",
      content = {
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = UsageResult.Page.class)),
        @Content(mediaType = CSV, schema = @Schema(type = SchemaType.STRING))
      })
  public Response get(
      @PathParam("project_id") ProjectId project,
      @BeanParam UsageParams params,
      @QueryParam("format") String format,
      @HeaderParam("Accept") String accept) {
    Caller.current().requireAccess(project);
    projects.requireExisting(project);
    var width = params.width();
    var groups = params.groups(GROUPS);
    var filters = new HashMap<>(params.filters());
    filters.put(Dimension.PROJECT_ID, Set.of(project.value()));
    int buckets = params.buckets(width.defaultBuckets(), width.maxBuckets());
    if (isCsv(format, accept)) {
      var rows = usage.rows(params, width, buckets, groups, filters, MAX_CSV_ROWS);
      var response = Response.ok(UsageCsv.of(rows, groups)).type(CSV + ";charset=UTF-8");
      return rows.next() == null
          ? response.build()
          : response.header("x-next-page", rows.next()).build();
    }
    var rows = usage.rows(params, width, buckets, groups, filters, ReadUsage.MAX_RESULTS);
    return Response.ok(ReadUsage.pageOf(rows, UsageResult::of))
        .type(MediaType.APPLICATION_JSON)
        .build();
  }

  private static boolean isCsv(String format, String accept) {
    return switch (format) {
      case null -> accept != null && accept.contains(CSV);
      case "csv" -> true;
      case "json" -> false;
      default -> throw ApiException.invalid("format", "Invalid 'format': expected json or csv.");
    };
  }
}
