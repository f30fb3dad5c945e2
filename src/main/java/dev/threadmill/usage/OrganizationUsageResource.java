package dev.threadmill.usage;

import dev.threadmill.models.ModelOperation;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.HashMap;
import java.util.List;
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

  private static final Map<String, Dimension> OF_PROJECT =
      Map.of("project_id", Dimension.PROJECT_ID);

  private final ReadUsage usage;
  private final StorageUsage storage;

  OrganizationUsageResource(ReadUsage usage, StorageUsage storage) {
    this.usage = usage;
    this.storage = storage;
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
  @Operation(summary = "Usage of embeddings and re-ranking (admin key)", description = SEMANTICS)
  public UsagePage embeddings(@BeanParam UsageParams params) {
    return page(
        params,
        Set.of(ModelOperation.EMBEDDINGS, ModelOperation.RERANK),
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

  @GET
  @Path("code_interpreter_sessions")
  @Operation(summary = "Sessions of the code interpreter (admin key)", description = SEMANTICS)
  public UsagePage codeInterpreterSessions(@BeanParam UsageParams params) {
    return page(params, Set.of(UsageSink.CODE_SESSION), OF_PROJECT, HostedResult.CodeSessions::of);
  }

  @GET
  @Path("vector_stores")
  @Operation(
      summary = "Bytes of vector stores (admin key)",
      description = "The most of each day. " + SEMANTICS)
  public UsagePage vectorStores(@BeanParam UsageParams params) {
    Caller.current().requireAdmin();
    params.requireStart();
    var width = params.width();
    boolean byProject = !params.groups(OF_PROJECT).isEmpty();
    var rows =
        usage.buckets(params, width, params.buckets(width.defaultBuckets(), width.maxBuckets()));
    var stored =
        storage.read(
            BucketWidth.DAY.floor(rows.from()),
            rows.to(),
            params.filters().getOrDefault(Dimension.PROJECT_ID, Set.of()),
            byProject,
            ReadUsage.MAX_RESULTS);
    return ReadUsage.page(
        rows,
        at ->
            stored.stream()
                .filter(row -> row.day().equals(BucketWidth.DAY.floor(at)))
                .<Object>map(HostedResult.Storage::of)
                .toList());
  }

  @GET
  @Path("images")
  @Operation(
      summary = "Images (admin key): none, since no operation of this server makes images",
      description = SEMANTICS)
  public UsagePage images(@BeanParam UsageParams params) {
    return empty(params);
  }

  @GET
  @Path("audio_speeches")
  @Operation(
      summary =
          "Speeches (admin key): none, since the sound of chat completions counts as completions",
      description = SEMANTICS)
  public UsagePage audioSpeeches(@BeanParam UsageParams params) {
    return empty(params);
  }

  @GET
  @Path("audio_transcriptions")
  @Operation(
      summary =
          "Transcriptions (admin key): none, since the sound that models hear counts as completions",
      description = SEMANTICS)
  public UsagePage audioTranscriptions(@BeanParam UsageParams params) {
    return empty(params);
  }

  private UsagePage empty(UsageParams params) {
    Caller.current().requireAdmin();
    params.requireStart();
    var width = params.width();
    params.groups(GROUPS);
    return ReadUsage.page(
        usage.buckets(params, width, params.buckets(width.defaultBuckets(), width.maxBuckets())),
        _ -> List.of());
  }

  private UsagePage page(
      UsageParams params, Set<ModelOperation> operations, Function<UsageRow, Object> result) {
    return page(
        params,
        operations.stream().map(ModelOperation::wire).collect(Collectors.toSet()),
        GROUPS,
        result);
  }

  private UsagePage page(
      UsageParams params,
      Set<String> operations,
      Map<String, Dimension> groups,
      Function<UsageRow, Object> result) {
    Caller.current().requireAdmin();
    params.requireStart();
    var width = params.width();
    var filters = new HashMap<>(params.filters());
    filters.put(Dimension.OPERATION, operations);
    var rows =
        usage.rows(
            params,
            width,
            params.buckets(width.defaultBuckets(), width.maxBuckets()),
            params.groups(groups),
            filters,
            ReadUsage.MAX_RESULTS);
    return ReadUsage.pageOf(rows, result);
  }
}
