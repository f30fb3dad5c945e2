package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileReferences;
import dev.threadmill.vectorstores.Chunking;
import dev.threadmill.vectorstores.ExpiresAfter;
import dev.threadmill.vectorstores.VectorStores;
import java.util.ArrayList;
import java.util.List;

/** The files and vector stores that the tools of an assistant or a thread work on. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ToolResources(CodeInterpreter codeInterpreter, FileSearch fileSearch) {
  /** The most files that code may read. */
  public static final int MAX_FILES = 20;

  private static final int MAX_VECTOR_STORES = 1;

  /** The files that code may read. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record CodeInterpreter(List<String> fileIds) {
    public CodeInterpreter {
      fileIds = Bounds.list("file_ids", fileIds, MAX_FILES);
    }
  }

  /**
   * The vector stores that are searched.
   *
   * @param vectorStores stores to be made along with the object
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record FileSearch(List<String> vectorStoreIds, List<InlineStore> vectorStores) {
    public FileSearch {
      vectorStoreIds = Bounds.list("vector_store_ids", vectorStoreIds, MAX_VECTOR_STORES);
      vectorStores = Bounds.list("vector_stores", vectorStores, MAX_VECTOR_STORES);
      if (vectorStoreIds != null && vectorStores != null) {
        throw ApiException.invalid(
            "vector_stores",
            "Invalid 'vector_stores': cannot be given together with 'vector_store_ids'.");
      }
    }
  }

  /** A vector store that is created along with an assistant or a thread. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record InlineStore(List<String> fileIds, Chunking chunkingStrategy, Metadata metadata) {
    public InlineStore {
      fileIds = Bounds.list("file_ids", fileIds, VectorStores.MAX_FILES);
    }
  }

  /**
   * These resources with the vector stores created that are to be. Not to be called within a
   * transaction.
   *
   * @param expiresAfter of the stores; null if they do not expire
   */
  public ToolResources withStoresCreated(
      ProjectId project, VectorStores stores, ExpiresAfter expiresAfter) {
    if (fileSearch == null || fileSearch.vectorStores() == null) {
      return this;
    }
    var ids = new ArrayList<String>();
    for (int i = 0; i < fileSearch.vectorStores().size(); i++) {
      var store = fileSearch.vectorStores().get(i);
      var param = "tool_resources.file_search.vector_stores[%d].file_ids".formatted(i);
      ids.add(
          stores
              .create(
                  project,
                  param,
                  store.fileIds() == null ? List.of() : store.fileIds(),
                  store.chunkingStrategy(),
                  store.metadata(),
                  expiresAfter)
              .value());
    }
    return new ToolResources(codeInterpreter, new FileSearch(ids, null));
  }

  /** Answers 400 if one of the resources does not exist in the project. */
  public void requireExisting(ProjectId project, FileReferences files) {
    if (codeInterpreter != null && codeInterpreter.fileIds() != null) {
      files.requireFiles(
          project, "tool_resources.code_interpreter.file_ids", codeInterpreter.fileIds());
    }
    if (fileSearch != null && fileSearch.vectorStoreIds() != null) {
      files.requireVectorStores(
          project, "tool_resources.file_search.vector_store_ids", fileSearch.vectorStoreIds());
    }
    if (fileSearch != null && fileSearch.vectorStores() != null) {
      throw ApiException.invalid(
          "tool_resources.file_search.vector_stores",
          "Invalid 'tool_resources.file_search.vector_stores': vector stores can only be created"
              + " together with an assistant or a thread.");
    }
  }
}
