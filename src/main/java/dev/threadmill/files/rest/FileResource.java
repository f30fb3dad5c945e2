package dev.threadmill.files.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Files over HTTP. */
@Path("/v1/files")
@RunOnVirtualThread
@Tag(name = "Files", description = "Files that messages and tools refer to")
public class FileResource {
  private static final int MAX_PAGE = 10_000;
  private static final Set<String> FIELDS =
      Set.of("purpose", ExpiresAfter.ANCHOR_FIELD, ExpiresAfter.SECONDS_FIELD);

  private final Files files;
  private final ReceiveForm receiveForm;
  private final FilesConfig config;

  FileResource(Files files, ReceiveForm receiveForm, FilesConfig config) {
    this.files = files;
    this.receiveForm = receiveForm;
    this.config = config;
  }

  @POST
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Operation(
      summary = "Upload a file",
      description = "Of at most 512 MB. The fields of the form may come in any order.")
  public FileObject create(
      @Context HttpHeaders headers,
      @RequestBody(
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.MULTIPART_FORM_DATA,
                      schema = @Schema(implementation = UploadForm.class)))
          InputStream body)
      throws IOException {
    var project = Caller.current().project();
    var request =
        new ReceiveForm.FormRequest(project, headers, body, "file", FIELDS, config.maxBytes());
    try (var form = receiveForm.receive(request)) {
      var purpose = FilePurpose.ofUpload(form.field("purpose").orElse(null));
      var file =
          new NewFile(form.filename(), purpose, form.contentType(), ExpiresAfter.of(form), null);
      return FileObject.of(files.create(file, form.content(), _ -> {}));
    }
  }

  @GET
  @Operation(summary = "List files", description = "At most 10,000 at a time.")
  public Page<FileObject> list(@BeanParam PageRequest page, @QueryParam("purpose") String purpose) {
    var wanted =
        purpose == null || purpose.isEmpty()
            ? null
            : FilePurpose.find(purpose)
                .orElseThrow(
                    () ->
                        ApiException.invalid(
                            "purpose", "Invalid 'purpose': there is no such purpose."));
    return files
        .list(Caller.current().project(), wanted, page.withLimits(MAX_PAGE, MAX_PAGE))
        .map(FileObject::of);
  }

  @GET
  @Path("{file_id}")
  @Operation(summary = "Retrieve a file")
  public FileObject get(@PathParam("file_id") FileId id) {
    return FileObject.of(files.get(Caller.current().project(), id));
  }

  @DELETE
  @Path("{file_id}")
  @Operation(
      summary = "Delete a file",
      description = "With its content. Messages that refer to it keep the reference.")
  public Deleted delete(@PathParam("file_id") FileId id) {
    // Not every request that may delete files sees all of them.
    files.get(Caller.current().project(), id);
    if (!files.delete(Caller.current().project(), id)) {
      throw ApiException.notFound("file", id);
    }
    return new Deleted(id.value(), "file", true);
  }

  @GET
  @Path("{file_id}/content")
  @Produces(MediaType.WILDCARD)
  @Operation(
      summary = "Retrieve the content of a file",
      description = "Takes Range, If-Range and If-None-Match.")
  @APIResponse(
      responseCode = "200",
      description = "The content, of the type that the file has",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_OCTET_STREAM,
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response content(@PathParam("file_id") FileId id, @Context HttpHeaders headers) {
    return FileContent.answer(files, files.get(Caller.current().project(), id), headers);
  }

  @HEAD
  @Path("{file_id}/content")
  @Operation(hidden = true)
  public Response head(@PathParam("file_id") FileId id, @Context HttpHeaders headers) {
    try {
      return contentOf(id, headers).head();
    } catch (FileContent.UnsatisfiableRangeException e) {
      return e.answer();
    }
  }

  private FileContent contentOf(FileId id, HttpHeaders headers) {
    return FileContent.of(files, files.get(Caller.current().project(), id), headers);
  }

  /** The form of an upload, for the OpenAPI document. */
  @Schema(name = "UploadForm")
  private static final class UploadForm {
    @Schema(required = true, format = "binary")
    public String file;

    @Schema(
        required = true,
        enumeration = {"assistants", "batch", "evals", "fine-tune", "user_data", "vision"})
    public String purpose;

    @Schema(name = ExpiresAfter.ANCHOR_FIELD, enumeration = "created_at")
    public String anchor;

    @Schema(name = ExpiresAfter.SECONDS_FIELD, minimum = "3600", maximum = "2592000")
    public Integer seconds;
  }
}
