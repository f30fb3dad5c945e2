package dev.threadmill.imports;

import dev.threadmill.api.ImportId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Imports over HTTP. */
@Path("/v1/imports")
@RunOnVirtualThread
@Tag(name = "Imports", description = "Objects of files and other servers")
public class ImportResource {
  private final Imports imports;

  ImportResource(Imports imports) {
    this.imports = imports;
  }

  @POST
  @Operation(
      summary = "Import from files or a server",
      description =
          "Files of JSON or JSONL are uploaded first. The import is done in the background; the"
              + " same import again creates nothing twice.")
  public ImportObject create(CreateImport request) {
    return imports.create(Caller.current().project(), request);
  }

  @GET
  @Operation(summary = "List imports", description = "Without their counts and problems.")
  public Page<ImportObject> list(@BeanParam PageRequest page) {
    return imports.list(Caller.current().project(), page);
  }

  @GET
  @Path("{import_id}")
  @Operation(
      summary = "Retrieve an import",
      description = "With its progress, and the first hundred objects that could not be taken.")
  public ImportObject get(@PathParam("import_id") ImportId id) {
    return imports.get(Caller.current().project(), id);
  }

  @POST
  @Path("{import_id}/cancel")
  @Operation(summary = "Cancel an import", description = "What it has created stays.")
  public ImportObject cancel(@PathParam("import_id") ImportId id) {
    return imports.cancel(Caller.current().project(), id);
  }
}
