package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.projects.Caller;
import dev.threadmill.vectorstores.FileStatus;
import dev.threadmill.vectorstores.StoreFiles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The files in vector stores over HTTP. */
@Path("/v1/vector_stores/{vector_store_id}/files")
@RunOnVirtualThread
@Tag(name = "Vector stores", description = "Files that are searched by meaning and by words")
public class StoreFileResource {
  private final StoreFiles files;

  StoreFileResource(StoreFiles files) {
    this.files = files;
  }

  @POST
  @Operation(
      summary = "Add a file to a vector store",
      description = "The file is indexed in the background; status shows when that is done.")
  public StoreFileObject add(@PathParam("vector_store_id") VectorStoreId store, AddFile request) {
    return StoreFileObject.of(
        files.add(
            Caller.current().project(),
            store,
            request.fileId(),
            request.attributes(),
            request.chunkingStrategy()));
  }

  @GET
  @Operation(summary = "List the files of a vector store")
  public Page<StoreFileObject> list(
      @PathParam("vector_store_id") VectorStoreId store,
      @QueryParam("filter") String filter,
      @BeanParam PageRequest page) {
    return files
        .files(Caller.current().project(), store, status(filter), page)
        .map(StoreFileObject::of);
  }

  /** The status in the parameter {@code filter}; null if it was not sent. */
  static FileStatus status(String filter) {
    if (filter == null || filter.isEmpty()) {
      return null;
    }
    for (var status : FileStatus.values()) {
      if (status.name().toLowerCase(Locale.ROOT).equals(filter)) {
        return status;
      }
    }
    throw ApiException.invalid(
        "filter",
        "Invalid 'filter': expected 'in_progress', 'completed', 'failed' or 'cancelled'.");
  }

  @GET
  @Path("{file_id}")
  @Operation(summary = "Retrieve a file of a vector store")
  public StoreFileObject get(
      @PathParam("vector_store_id") VectorStoreId store, @PathParam("file_id") FileId file) {
    return StoreFileObject.of(files.file(Caller.current().project(), store, file));
  }

  @POST
  @Path("{file_id}")
  @Operation(summary = "Set the attributes of a file of a vector store")
  public StoreFileObject modify(
      @PathParam("vector_store_id") VectorStoreId store,
      @PathParam("file_id") FileId file,
      ModifyFile request) {
    return StoreFileObject.of(
        files.setAttributes(
            Caller.current().project(), store, file, request.attributes().orElse(null)));
  }

  @DELETE
  @Path("{file_id}")
  @Operation(summary = "Remove a file from a vector store", description = "The file itself stays.")
  public Deleted remove(
      @PathParam("vector_store_id") VectorStoreId store, @PathParam("file_id") FileId file) {
    files.removeFile(Caller.current().project(), store, file);
    return Deleted.of(file, "vector_store.file");
  }

  @GET
  @Path("{file_id}/content")
  @Operation(
      summary = "Retrieve the text of a file of a vector store",
      description = "As it was extracted. A very long text has further pages.")
  public FileContentPage content(
      @PathParam("vector_store_id") VectorStoreId store,
      @PathParam("file_id") FileId id,
      @QueryParam("page") String page) {
    var file = files.file(Caller.current().project(), store, id);
    var texts = files.texts(file, from(page));
    return FileContentPage.of(
        texts.parts(), texts.next() == null ? null : Integer.toString(texts.next()));
  }

  private static int from(String page) {
    if (page == null || page.isEmpty()) {
      return 0;
    }
    if (page.matches("\\d{1,8}")) {
      return Integer.parseInt(page);
    }
    throw ApiException.invalid("page", "Invalid 'page': expected a value of 'next_page'.");
  }
}
