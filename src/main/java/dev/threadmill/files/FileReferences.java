package dev.threadmill.files;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Checks what other objects say about files and vector stores. There are none in this version, so
 * every reference to one is to something that does not exist.
 */
@ApplicationScoped
public class FileReferences {
  /** Answers 400 if one of these files does not exist in the project. */
  public void requireFiles(ProjectId project, String param, List<String> fileIds) {
    if (!fileIds.isEmpty()) {
      throw missing("file", param, fileIds.getFirst());
    }
  }

  /** Answers 400 if one of these vector stores does not exist in the project. */
  public void requireVectorStores(ProjectId project, String param, List<String> vectorStoreIds) {
    if (!vectorStoreIds.isEmpty()) {
      throw missing("vector store", param, vectorStoreIds.getFirst());
    }
  }

  private static ApiException missing(String kind, String param, String id) {
    return ApiException.invalid(param, "No %s found with id '%s'.".formatted(kind, id));
  }
}
