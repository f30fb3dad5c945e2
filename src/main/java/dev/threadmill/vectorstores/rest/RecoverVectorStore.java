package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.vectorstores.VectorStores;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/** Reads a vector store that a repeated request has made. */
@ApplicationScoped
class RecoverVectorStore implements ObjectLookup {
  private final VectorStores stores;

  RecoverVectorStore(VectorStores stores) {
    this.stores = stores;
  }

  @Override
  public String prefix() {
    return VectorStoreId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return stores.find(project, List.of(id)).stream()
        .findFirst()
        .<Object>map(VectorStoreObject::of);
  }
}
