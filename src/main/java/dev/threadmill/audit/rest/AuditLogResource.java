package dev.threadmill.audit.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.audit.AuditStore;
import dev.threadmill.audit.VerifyAuditLog;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.HexFormat;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The audit log over HTTP. An admin key sees all of it, a key with the scope {@code admin} what is
 * about its project.
 */
@Path("/v1")
@RunOnVirtualThread
@Tag(name = "Audit log", description = "What admins did")
public class AuditLogResource {
  private final AuditStore store;
  private final VerifyAuditLog verify;

  AuditLogResource(AuditStore store, VerifyAuditLog verify) {
    this.store = store;
    this.verify = verify;
  }

  @GET
  @Path("audit_logs")
  @Operation(
      summary = "List the audit log (admin key, or a key with the scope admin)",
      description =
          "Filtered by project_ids[], event_types[], actor_ids[], resource_ids[] and"
              + " effective_at[gt|gte|lt|lte]. 'sequence' has no gaps within a project.")
  public Page<JsonNode> list(@BeanParam PageRequest page, @BeanParam AuditLogFilter filter) {
    return store.list(filter.of(onlyProject()), page).map(AuditLogResource::shown);
  }

  @GET
  @Path("organization/audit_logs")
  @Operation(summary = "List the audit log, under the name of the hosted service")
  public Page<JsonNode> listOfOrganization(
      @BeanParam PageRequest page, @BeanParam AuditLogFilter filter) {
    return list(page, filter);
  }

  @GET
  @Path("audit_logs/verification")
  @Operation(
      summary = "Verify the audit log (admin key, or a key with the scope admin)",
      description =
          "Reads all of it: whether each entry is the one that was written, and none is missing.")
  public Verification verification() {
    var chains = verify.verify(onlyProject());
    return new Verification(
        "audit_log.verification",
        chains.stream().allMatch(VerifyAuditLog.ChainState::valid),
        chains);
  }

  /**
   * The state of the audit log on the wire.
   *
   * @param chains one for each project, and one for what is about none
   */
  @Schema(name = "AuditLogVerification")
  public record Verification(
      String object, boolean valid, List<VerifyAuditLog.ChainState> chains) {}

  private static String onlyProject() {
    var caller = Caller.current();
    return caller.isAdmin() ? null : caller.project().value();
  }

  private static JsonNode shown(AuditStore.Stored entry) {
    var json = (ObjectNode) Json.tree(entry.content());
    json.put("sequence", entry.seq());
    json.put("hash", HexFormat.of().formatHex(entry.hash()));
    return json;
  }
}
