package dev.threadmill.imports;

import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Exports over HTTP. */
@Path("/v1/exports")
@RunOnVirtualThread
@Tag(name = "Exports", description = "Everything that a project has")
public class ExportResource {
  private static final String JSON_LINES = "application/jsonl";

  private final ExportProject export;

  ExportResource(ExportProject export) {
    this.export = export;
  }

  @GET
  @Produces(MediaType.WILDCARD)
  @Operation(
      summary = "Export the project",
      description =
          "Lines of JSON: files with their contents, vector stores, assistants, threads with their"
              + " messages, runs and steps. The last line has the object 'export.end'; without it"
              + " the export is not whole. An import takes it.")
  @APIResponse(
      responseCode = "200",
      description = "The objects, one a line",
      content = @Content(mediaType = JSON_LINES, schema = @Schema(type = SchemaType.STRING)))
  public Response get() {
    var project = Caller.current().project();
    return Response.ok((StreamingOutput) out -> export.write(project, out))
        .type(JSON_LINES)
        .header("content-disposition", "attachment; filename=\"export.jsonl\"")
        .build();
  }
}
