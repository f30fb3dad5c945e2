package dev.threadmill.files;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Checks references of other objects to files and vector stores. */
@ApplicationScoped
public class FileReferences {
  private final Files files;
  private final Instance<VectorStoreLookup> vectorStores;

  FileReferences(Files files, Instance<VectorStoreLookup> vectorStores) {
    this.files = files;
    this.vectorStores = vectorStores;
  }

  /** Answers 400 if one of these files does not exist in the project. Costs one statement. */
  public void requireFiles(ProjectId project, String param, List<String> fileIds) {
    if (!fileIds.isEmpty()) {
      requireAll("file", param, fileIds, existing(project, fileIds));
    }
  }

  /** Those of these ids that are files of the project. Texts of any form are taken. */
  public Set<String> existing(ProjectId project, Collection<String> fileIds) {
    var ids = fileIds.stream().distinct().map(FileReferences::parsed).flatMap(Optional::stream);
    return files.findAll(project, ids.toList()).stream()
        .map(file -> file.id().value())
        .collect(Collectors.toSet());
  }

  /** Answers 400 if one of these vector stores does not exist in the project. */
  public void requireVectorStores(ProjectId project, String param, List<String> vectorStoreIds) {
    if (!vectorStoreIds.isEmpty()) {
      var existing =
          vectorStores.isResolvable()
              ? vectorStores.get().existing(project, vectorStoreIds)
              : Set.<String>of();
      requireAll("vector store", param, vectorStoreIds, existing);
    }
  }

  /** 400 for a reference to something that does not exist. */
  public static ApiException missing(String kind, String param, String id) {
    return ApiException.invalid(param, "No %s found with id '%s'.".formatted(kind, id));
  }

  private static void requireAll(
      String kind, String param, List<String> ids, Set<String> existing) {
    for (var id : ids) {
      if (!existing.contains(id)) {
        throw missing(kind, param, id);
      }
    }
  }

  private static Optional<FileId> parsed(String id) {
    try {
      return Optional.of(new FileId(id));
    } catch (ApiException e) {
      return Optional.empty();
    }
  }
}
