package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.tracing.GenAi;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The memory of a project over HTTP. */
@Path("/v1/memory")
@RunOnVirtualThread
@Tag(name = "Memory")
public class ProjectMemoryResource {
  private final Jdbc jdbc;
  private final ForgetMemory forget;
  private final Tokenizer tokenizer;
  private final Retention retention;
  private final Embeddings embeddings;
  private final TraceMemory trace;

  ProjectMemoryResource(
      Jdbc jdbc,
      ForgetMemory forget,
      Retention retention,
      Embeddings embeddings,
      TraceMemory trace,
      Tokenizer tokenizer) {
    this.trace = trace;
    this.tokenizer = tokenizer;
    this.retention = retention;
    this.jdbc = jdbc;
    this.forget = forget;
    this.embeddings = embeddings;
  }

  /**
   * The progress of the index.
   *
   * @param model the present embedding model
   * @param embedded chunks with a vector of this model
   * @param outdated chunks of other models, which are being embedded again
   * @param pending queued messages
   * @param retentionDays the retention; null if it is unlimited
   */
  public record Status(
      String object,
      String model,
      long embedded,
      long outdated,
      long pending,
      Integer retentionDays) {}

  /**
   * The request body of a change.
   *
   * @param retentionDays 1 to 36500; null for unlimited retention
   */
  public record Modify(Integer retentionDays) {
    public Modify {
      if (retentionDays != null && (retentionDays < 1 || retentionDays > 36_500)) {
        throw ApiException.invalid(
            "retention_days", "Invalid 'retention_days': expected an integer from 1 to 36500.");
      }
    }
  }

  /** The response to a deletion. */
  public record ForgottenUser(String id, String object, boolean deleted, int threads) {}

  @GET
  @Operation(summary = "Show how much of the project is embedded, and by which model")
  public Status status() {
    var project = Caller.current().project();
    var retentionDays = retention.of(project).orElse(null);
    return jdbc.one(
            """
            SELECT
              (SELECT count(*) FROM memory_index
               WHERE project_id = ? AND model = ? AND embedding IS NOT NULL) AS embedded,
              (SELECT count(*) FROM memory_index WHERE project_id = ? AND model <> ?) AS outdated,
              (SELECT count(*) FROM memory_queue WHERE project_id = ?) AS pending
            """,
            row ->
                new Status(
                    "memory.status",
                    embeddings.name(),
                    row.bigint("embedded"),
                    row.bigint("outdated"),
                    row.bigint("pending"),
                    retentionDays),
            project,
            embeddings.name(),
            project,
            embeddings.name(),
            project)
        .orElseThrow();
  }

  @POST
  @Operation(
      summary = "Set for how many days the project remembers",
      description = "What is older is forgotten within a minute; messages stay in their threads.")
  public Status modify(Modify request) {
    retention.set(Caller.current().project(), request.retentionDays());
    return status();
  }

  @DELETE
  @Path("users/{user}")
  @Operation(
      summary = "Forget all that is remembered of a user",
      description = "Of every thread whose metadata name this user. The messages stay.")
  public ForgottenUser forgetUser(@PathParam("user") String user) {
    var project = Caller.current().project();
    var known = tokenizer.forSearch(project, user);
    int threads = trace.traced(GenAi.DELETE_MEMORY, null, () -> forget.user(project, known));
    return new ForgottenUser(user, "memory.user.deleted", true, threads);
  }
}
