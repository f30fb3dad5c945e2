package dev.threadmill.files.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.UploadId;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.rest.UploadObject.PartObject;
import dev.threadmill.files.uploads.Uploads;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Files that are sent in parts, over HTTP. */
@Path("/v1/uploads")
@RunOnVirtualThread
@Tag(name = "Uploads", description = "Files that are sent in parts")
public class UploadResource {
  private static final int MAX_NAME = 4_096;
  private static final int MAX_PARTS = 2_000;
  private static final int MD5_LENGTH = 32;

  private final Uploads uploads;
  private final ReceiveForm receiveForm;

  UploadResource(Uploads uploads, ReceiveForm receiveForm) {
    this.uploads = uploads;
    this.receiveForm = receiveForm;
  }

  /**
   * The body of {@code POST /v1/uploads}.
   *
   * @param bytes of the whole file
   */
  public record CreateUpload(
      String filename, String purpose, Long bytes, String mimeType, ExpiresAfter expiresAfter) {
    public CreateUpload {
      Bounds.requiredText("filename", filename, MAX_NAME);
      Bounds.required("purpose", purpose);
      Bounds.requiredText("mime_type", mimeType, MAX_NAME);
      Bounds.required("bytes", bytes);
      if (bytes < 0 || bytes > Uploads.MAX_BYTES) {
        throw ApiException.invalid(
            "bytes",
            "Invalid 'bytes': expected a value from 0 to %d, got %d."
                .formatted(Uploads.MAX_BYTES, bytes));
      }
    }
  }

  /** The body of {@code POST /v1/uploads/{upload_id}/complete}. */
  public record CompleteUpload(List<String> partIds, String md5) {
    public CompleteUpload {
      partIds = Bounds.list("part_ids", Bounds.required("part_ids", partIds), MAX_PARTS);
      if (md5 != null && !md5.matches("[0-9A-Fa-f]{" + MD5_LENGTH + "}")) {
        throw ApiException.invalid(
            "md5", "Invalid 'md5': expected %d hexadecimal digits.".formatted(MD5_LENGTH));
      }
    }
  }

  @POST
  @Operation(
      summary = "Begin an upload",
      description = "Of a file of at most 8 GB. It expires after an hour.")
  public UploadObject create(CreateUpload request) {
    var expiry = request.expiresAfter();
    var file =
        new NewFile(
            request.filename(),
            FilePurpose.ofUpload(request.purpose()),
            request.mimeType(),
            expiry == null ? null : expiry.duration(),
            null);
    var upload = uploads.begin(Caller.current().project(), file.safe(), request.bytes());
    return UploadObject.of(upload, null);
  }

  @POST
  @Path("{upload_id}/parts")
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Operation(
      summary = "Add a part to an upload",
      description = "Of at most 64 MB. Parts may be sent side by side.")
  public PartObject add(
      @PathParam("upload_id") UploadId id,
      @Context HttpHeaders headers,
      @RequestBody(
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.MULTIPART_FORM_DATA,
                      schema = @Schema(implementation = PartForm.class)))
          InputStream body)
      throws IOException {
    var project = Caller.current().project();
    var upload = uploads.requirePending(project, id);
    var request =
        new ReceiveForm.FormRequest(
            project, headers, body, "data", Set.of(), Uploads.MAX_PART_BYTES);
    try (var form = receiveForm.receive(request)) {
      return PartObject.of(uploads.add(upload, form.content()));
    }
  }

  @POST
  @Path("{upload_id}/complete")
  @Operation(
      summary = "Complete an upload",
      description = "Makes a file of the parts, in the order of part_ids.")
  public UploadObject complete(@PathParam("upload_id") UploadId id, CompleteUpload request)
      throws IOException {
    return UploadObject.of(
        uploads.complete(Caller.current().project(), id, request.partIds(), request.md5()));
  }

  @POST
  @Path("{upload_id}/cancel")
  @Operation(summary = "Cancel an upload", description = "Its parts are removed.")
  public UploadObject cancel(@PathParam("upload_id") UploadId id) {
    return UploadObject.of(uploads.cancel(Caller.current().project(), id));
  }

  /** The form of a part, for the OpenAPI document. */
  @Schema(name = "UploadPartForm")
  private static final class PartForm {
    @Schema(required = true, format = "binary")
    public String data;
  }
}
