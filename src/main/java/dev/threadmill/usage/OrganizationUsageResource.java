package dev.threadmill.usage;

import dev.threadmill.models.ModelOperation;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The usage of all projects in the shapes of the hosted API, for dashboards that know them. */
@Path("/v1/organization/usage")
@RunOnVirtualThread
@Tag(name = "Usage")
public class OrganizationUsageResource {
  private static final String SEMANTICS =
      "Buckets of 1m, 1h or 1d in UTC from start_time on, told apart by group_by.";
  private static final Map<String, Dimension> GROUPS =
      Map.of(
          "project_id", Dimension.PROJECT_ID,
          "user_id", Dimension.USER_ID,
          "api_key_id", Dimension.API_KEY_ID,
          "model", Dimension.MODEL);

  private final ReadUsage usage;

  OrganizationUsageResource(ReadUsage usage) {
    this.usage = usage;
  }

  @GET
  @Path("completions")
  @Operation(
      summary = "Usage of models that write: runs, chat completions, summaries (admin key)",
      description = SEMANTICS)
  public UsagePage completions(@BeanParam UsageParams params) {
    return page(
        params,
        Set.of(
            ModelOperation.RUN,
            ModelOperation.CHAT,
            ModelOperation.SUMMARY,
            ModelOperation.EXTRACTION),
        HostedResult.Completions::of);
  }

  @GET
  @Path("embeddings")
  @Operation(summary = "Usage of embeddings (admin key)", description = SEMANTICS)
  public UsagePage embeddings(@BeanParam UsageParams params) {
    return page(
        params,
        Set.of(ModelOperation.EMBEDDINGS),
        row -> HostedResult.Prompts.of("embeddings", row));
  }

  @GET
  @Path("moderations")
  @Operation(summary = "Usage of moderations (admin key)", description = SEMANTICS)
  public UsagePage moderations(@BeanParam UsageParams params) {
    return page(
        params,
        Set.of(ModelOperation.MODERATIONS),
        row -> HostedResult.Prompts.of("moderations", row));
  }

  private UsagePage page(
      UsageParams params, Set<ModelOperation> operations, Function<UsageRow, Object> result) {
    Caller.current().requireAdmin();
    params.requireStart();
    var width = params.width();
    var filters = new HashMap<>(params.filters());
    filters.put(
        Dimension.OPERATION,
        operations.stream().map(ModelOperation::wire).collect(Collectors.toSet()));
    var rows =
        usage.rows(
            params,
            width,
            params.buckets(width.defaultBuckets(), width.maxBuckets()),
            params.groups(GROUPS),
            filters,
            ReadUsage.MAX_RESULTS);
    return ReadUsage.page(rows, result);
  }
}
