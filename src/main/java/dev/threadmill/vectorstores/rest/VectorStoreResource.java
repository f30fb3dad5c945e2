package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.projects.Caller;
import dev.threadmill.vectorstores.CreateVectorStore;
import dev.threadmill.vectorstores.ModifyVectorStore;
import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.search.SearchStores;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Vector stores over HTTP. */
@Path("/v1/vector_stores")
@RunOnVirtualThread
@Tag(name = "Vector stores", description = "Files that are searched by meaning and by words")
public class VectorStoreResource {
  private final VectorStores stores;
  private final SearchStores search;

  VectorStoreResource(VectorStores stores, SearchStores search) {
    this.stores = stores;
    this.search = search;
  }

  @POST
  @Operation(
      summary = "Create a vector store",
      description = "Its files are indexed in the background; file_counts shows the progress.")
  public VectorStoreObject create(CreateVectorStore request) {
    return VectorStoreObject.of(
        stores.create(
            Caller.current().project(), request == null ? CreateVectorStore.empty() : request));
  }

  @GET
  @Operation(summary = "List vector stores")
  public Page<VectorStoreObject> list(@BeanParam PageRequest page) {
    return stores.list(Caller.current().project(), page).map(VectorStoreObject::of);
  }

  @GET
  @Path("{vector_store_id}")
  @Operation(summary = "Retrieve a vector store")
  public VectorStoreObject get(@PathParam("vector_store_id") VectorStoreId id) {
    return VectorStoreObject.of(stores.get(Caller.current().project(), id));
  }

  @POST
  @Path("{vector_store_id}")
  @Operation(summary = "Modify a vector store")
  public VectorStoreObject modify(
      @PathParam("vector_store_id") VectorStoreId id, ModifyVectorStore request) {
    return VectorStoreObject.of(
        stores.modify(
            Caller.current().project(),
            id,
            request == null ? ModifyVectorStore.nothing() : request));
  }

  @DELETE
  @Path("{vector_store_id}")
  @Operation(summary = "Delete a vector store", description = "Its files stay.")
  public Deleted delete(@PathParam("vector_store_id") VectorStoreId id) {
    stores.delete(Caller.current().project(), id);
    return Deleted.of(id, "vector_store");
  }

  @POST
  @Path("{vector_store_id}/search")
  @Operation(
      summary = "Search a vector store",
      description =
          "By meaning and by words. Scores are from 0 to 1 and compare between stores and queries.")
  public SearchResultsPage search(
      @PathParam("vector_store_id") VectorStoreId id, SearchVectorStore request)
      throws InterruptedException {
    var search = request.toRequest();
    return SearchResultsPage.of(
        search.queries(), this.search.search(Caller.current().project(), id, search));
  }
}
