package dev.threadmill.usage;

import dev.threadmill.api.ApiException;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The costs of all projects in the shape of the hosted API, for dashboards that know it. */
@Path("/v1/organization/costs")
@RunOnVirtualThread
@Tag(name = "Usage")
public class OrganizationCostsResource {
  private static final Map<String, Dimension> GROUPS =
      Map.of(
          "project_id", Dimension.PROJECT_ID,
          "api_key_id", Dimension.API_KEY_ID,
          "line_item", Dimension.MODEL);
  private static final int DEFAULT_BUCKETS = 7;
  private static final int MAX_BUCKETS = 180;

  private final ReadUsage usage;

  OrganizationCostsResource(ReadUsage usage) {
    this.usage = usage;
  }

  @GET
  @Operation(
      summary = "Costs by day (admin key)",
      description =
          "Of the calls whose price is known, told apart by project_id, api_key_id and line_item,"
              + " which is the model.")
  public UsagePage costs(@BeanParam UsageParams params) {
    Caller.current().requireAdmin();
    params.requireStart();
    if (params.width() != BucketWidth.DAY) {
      throw ApiException.invalid("bucket_width", "Invalid 'bucket_width': costs have 1d only.");
    }
    var rows =
        usage.rows(
            params,
            BucketWidth.DAY,
            params.buckets(DEFAULT_BUCKETS, MAX_BUCKETS),
            params.groups(GROUPS),
            params.filters(),
            ReadUsage.MAX_RESULTS);
    return ReadUsage.pageOf(rows, HostedResult.Costs::of);
  }
}
