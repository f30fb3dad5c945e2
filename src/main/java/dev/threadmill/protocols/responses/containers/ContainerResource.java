package dev.threadmill.protocols.responses.containers;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.files.Files;
import dev.threadmill.files.rest.FileContent;
import dev.threadmill.files.rest.ReceiveForm;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.projects.Caller;
import dev.threadmill.protocols.responses.request.PageOfList;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.tools.code.Containers;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
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
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Containers and their files over HTTP. */
@Path("/v1/containers")
@RunOnVirtualThread
@Tag(name = "Containers", description = "Sessions of the code interpreter, and their files")
public class ContainerResource {
  private final CreateContainer createContainer;
  private final Containers containers;
  private final Files files;
  private final ReceiveForm receiveForm;
  private final FilesConfig config;
  private final InstantSource clock;

  ContainerResource(
      CreateContainer createContainer,
      Containers containers,
      Files files,
      ReceiveForm receiveForm,
      FilesConfig config,
      InstantSource clock) {
    this.createContainer = createContainer;
    this.containers = containers;
    this.files = files;
    this.receiveForm = receiveForm;
    this.config = config;
    this.clock = clock;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Create a container",
      description = "It expires 20 minutes after its last use, or after 'expires_after'.")
  public ContainerObject create(InputStream body) throws IOException {
    var made = createContainer.create(Caller.current().project(), RequestFields.body(body));
    return ContainerObject.of(made, clock.instant());
  }

  @GET
  @Operation(summary = "List containers")
  public Page<ContainerObject> list(@BeanParam PageRequest page, @QueryParam("name") String name) {
    var now = clock.instant();
    return containers
        .list(Caller.current().project(), name == null || name.isEmpty() ? null : name, page)
        .map(each -> ContainerObject.of(each, now));
  }

  @GET
  @Path("{container_id}")
  @Operation(summary = "Retrieve a container")
  public ContainerObject get(@PathParam("container_id") String id) {
    return ContainerObject.of(containers.get(Caller.current().project(), id), clock.instant());
  }

  @DELETE
  @Path("{container_id}")
  @Operation(summary = "Delete a container with its files")
  public Deleted delete(@PathParam("container_id") String id) {
    containers.delete(Caller.current().project(), id);
    return new Deleted(id, "container.deleted", true);
  }

  @POST
  @Path("{container_id}/files")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Add a file to a container",
      description = "One of the project, by 'file_id', or one that is uploaded in a form.")
  public ContainerFileObject add(@PathParam("container_id") String id, InputStream body)
      throws IOException {
    var file = RequestFields.text(RequestFields.body(body), "file_id", 200);
    if (file == null) {
      throw ApiException.missing("file_id");
    }
    var added = containers.add(Caller.current().project(), id, new FileId(file));
    return ContainerFileObject.of(id, added);
  }

  @POST
  @Path("{container_id}/files")
  @Consumes(MediaType.MULTIPART_FORM_DATA)
  @Operation(hidden = true)
  public ContainerFileObject upload(
      @PathParam("container_id") String id,
      @Context HttpHeaders headers,
      @RequestBody(
              required = true,
              content =
                  @Content(
                      mediaType = MediaType.MULTIPART_FORM_DATA,
                      schema = @Schema(type = SchemaType.OBJECT)))
          InputStream body)
      throws IOException {
    var project = Caller.current().project();
    containers.get(project, id);
    var request =
        new ReceiveForm.FormRequest(project, headers, body, "file", Set.of(), config.maxBytes());
    try (var form = receiveForm.receive(request)) {
      var added = containers.add(project, id, form.filename(), form.contentType(), form.content());
      return ContainerFileObject.of(id, added);
    }
  }

  @GET
  @Path("{container_id}/files")
  @Operation(summary = "List the files of a container")
  public Page<ContainerFileObject> files(
      @PathParam("container_id") String id, @BeanParam PageRequest page) {
    var all = new ArrayList<ContainerFileObject>();
    containers
        .files(Caller.current().project(), id)
        .forEach(each -> all.add(ContainerFileObject.of(id, each)));
    var byTime =
        Comparator.comparing(ContainerFileObject::createdAt).thenComparing(ContainerFileObject::id);
    all.sort(page.descending() ? byTime.reversed() : byTime);
    return PageOfList.of(all, page, ContainerFileObject::id);
  }

  @GET
  @Path("{container_id}/files/{file_id}")
  @Operation(summary = "Retrieve a file of a container")
  public ContainerFileObject file(
      @PathParam("container_id") String id, @PathParam("file_id") String file) {
    var found = containers.file(Caller.current().project(), id, ContainerFileObject.fileOf(file));
    return ContainerFileObject.of(id, found);
  }

  @GET
  @Path("{container_id}/files/{file_id}/content")
  @Produces(MediaType.WILDCARD)
  @Operation(
      summary = "Retrieve the content of a file of a container",
      description = "Takes Range, If-Range and If-None-Match.")
  @APIResponse(
      responseCode = "200",
      description = "The content, of the type that the file has",
      content =
          @Content(
              mediaType = MediaType.APPLICATION_OCTET_STREAM,
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  public Response content(
      @PathParam("container_id") String id,
      @PathParam("file_id") String file,
      @Context HttpHeaders headers) {
    var found = containers.file(Caller.current().project(), id, ContainerFileObject.fileOf(file));
    return FileContent.answer(files, found.file(), headers);
  }

  @DELETE
  @Path("{container_id}/files/{file_id}")
  @Operation(summary = "Delete a file of a container")
  public Deleted deleteFile(
      @PathParam("container_id") String id, @PathParam("file_id") String file) {
    containers.remove(Caller.current().project(), id, ContainerFileObject.fileOf(file));
    return new Deleted(file, "container.file.deleted", true);
  }
}
