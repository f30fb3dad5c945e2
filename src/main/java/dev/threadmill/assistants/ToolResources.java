package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileReferences;
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
  public record FileSearch(List<String> vectorStoreIds, List<JsonNode> vectorStores) {
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
          "Invalid 'tool_resources.file_search.vector_stores': vector stores cannot be created in"
              + " this version.");
    }
  }
}
