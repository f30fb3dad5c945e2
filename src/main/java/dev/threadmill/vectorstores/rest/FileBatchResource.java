package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.projects.Caller;
import dev.threadmill.vectorstores.CreateFileBatch;
import dev.threadmill.vectorstores.StoreFiles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Batches of files in vector stores over HTTP. */
@Path("/v1/vector_stores/{vector_store_id}/file_batches")
@RunOnVirtualThread
@Tag(name = "Vector stores", description = "Files that are searched by meaning and by words")
public class FileBatchResource {
  private final StoreFiles files;

  FileBatchResource(StoreFiles files) {
    this.files = files;
  }

  @POST
  @Operation(summary = "Add a batch of files to a vector store")
  public FileBatchObject create(
      @PathParam("vector_store_id") VectorStoreId store, CreateFileBatch request) {
    return FileBatchObject.of(files.addBatch(Caller.current().project(), store, request));
  }

  @GET
  @Path("{batch_id}")
  @Operation(summary = "Retrieve a batch of files")
  public FileBatchObject get(
      @PathParam("vector_store_id") VectorStoreId store, @PathParam("batch_id") FileBatchId batch) {
    return FileBatchObject.of(files.batch(Caller.current().project(), store, batch));
  }

  @POST
  @Path("{batch_id}/cancel")
  @Operation(
      summary = "Cancel a batch of files",
      description = "Files that are indexed already stay in the store.")
  public FileBatchObject cancel(
      @PathParam("vector_store_id") VectorStoreId store, @PathParam("batch_id") FileBatchId batch) {
    return FileBatchObject.of(files.cancelBatch(Caller.current().project(), store, batch));
  }

  @GET
  @Path("{batch_id}/files")
  @Operation(summary = "List the files of a batch")
  public Page<StoreFileObject> files(
      @PathParam("vector_store_id") VectorStoreId store,
      @PathParam("batch_id") FileBatchId batch,
      @QueryParam("filter") String filter,
      @BeanParam PageRequest page) {
    return files
        .filesOfBatch(
            Caller.current().project(), store, batch, StoreFileResource.status(filter), page)
        .map(StoreFileObject::of);
  }
}
