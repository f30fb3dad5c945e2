package dev.threadmill.assistants.versions;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.db.Jdbc;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Versions of assistants over HTTP. */
@Path("/v1/assistants/{assistant_id}/versions")
@RunOnVirtualThread
@Tag(name = "Assistants")
public class AssistantVersionResource {
  private final Assistants assistants;
  private final Jdbc jdbc;

  AssistantVersionResource(Assistants assistants, Jdbc jdbc) {
    this.assistants = assistants;
    this.jdbc = jdbc;
  }

  @GET
  @Operation(
      summary = "List the versions of an assistant, newest first",
      description = "One for each change, the newest hundred.")
  public Page<AssistantVersion> list(
      @PathParam("assistant_id") AssistantId id, @BeanParam PageRequest page) {
    assistants.get(Caller.current().project(), id);
    int below = page.after() == null ? Integer.MAX_VALUE : number("after", page.after());
    var rows =
        jdbc.list(
            "SELECT "
                + AssistantVersion.COLUMNS
                + " FROM assistant_versions WHERE assistant_id = ? AND version < ?"
                + " ORDER BY version DESC LIMIT ?",
            AssistantVersion::read,
            id,
            below,
            page.limit() + 1);
    Function<AssistantVersion, String> version = row -> Integer.toString(row.version());
    return Page.of(rows, page.limit(), version);
  }

  @GET
  @Path("{version}")
  @Operation(summary = "Retrieve a version of an assistant")
  public AssistantVersion get(
      @PathParam("assistant_id") AssistantId id, @PathParam("version") String version) {
    assistants.get(Caller.current().project(), id);
    return jdbc.one(
            "SELECT "
                + AssistantVersion.COLUMNS
                + " FROM assistant_versions WHERE assistant_id = ? AND version = ?",
            AssistantVersion::read,
            id,
            number("version", version))
        .orElseThrow(() -> ApiException.notFound("version", version));
  }

  private static int number(String param, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw ApiException.invalid(param, "Invalid '%s': expected a version.".formatted(param));
    }
  }
}
