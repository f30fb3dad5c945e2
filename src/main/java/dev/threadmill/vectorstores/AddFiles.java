package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.FileId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileReferences;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.files.chunks.ChunkingStrategy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Adds files to vector stores: finds them, and queues them to be indexed. */
@ApplicationScoped
class AddFiles {
  private final InstantSource clock;
  private final VectorStoreTable stores;
  private final StoreFileTable storeFiles;
  private final Files files;
  private final StoreEmbeddings embeddings;
  private final IngestionSignal ingestion;

  AddFiles(
      InstantSource clock,
      VectorStoreTable stores,
      StoreFileTable storeFiles,
      Files files,
      StoreEmbeddings embeddings,
      IngestionSignal ingestion) {
    this.clock = clock;
    this.stores = stores;
    this.storeFiles = storeFiles;
    this.files = files;
    this.embeddings = embeddings;
    this.ingestion = ingestion;
  }

  /** As {@link #add}, to a store that must not have expired. */
  void addLocked(
      Tx tx, ProjectId project, VectorStoreId store, FileBatchId batch, List<NewStoreFile> added) {
    if (!stores.lockActive(tx, project, store)) {
      throw VectorStores.expired(store);
    }
    add(tx, project, store, batch, added);
  }

  /**
   * Adds files to a store that was just created or is locked.
   *
   * @param batch null for none
   * @throws ApiException 400 if the store would have too many files
   */
  void add(
      Tx tx, ProjectId project, VectorStoreId store, FileBatchId batch, List<NewStoreFile> added) {
    if (added.isEmpty()) {
      return;
    }
    storeFiles.add(
        tx,
        project,
        store,
        batch,
        clock.instant().truncatedTo(ChronoUnit.MICROS),
        added,
        embeddings.name());
    if (storeFiles.count(tx, store, VectorStores.MAX_FILES + 1) > VectorStores.MAX_FILES) {
      throw ApiException.invalidState(
          "The vector store '%s' would have more than %d files."
              .formatted(store, VectorStores.MAX_FILES));
    }
    tx.afterCommit(ingestion::send);
  }

  /** The files of these ids, each once; 400 if one does not exist. */
  List<NewStoreFile> resolve(
      ProjectId project,
      String param,
      List<String> fileIds,
      Attributes attributes,
      ChunkingStrategy strategy) {
    return existing(project, param, fileIds).stream()
        .map(
            file ->
                new NewStoreFile(
                    file, attributes == null ? Attributes.EMPTY : attributes, strategy))
        .toList();
  }

  /** The files of these ids, each once; 400 if one does not exist. */
  List<StoredFile> existing(ProjectId project, String param, List<String> fileIds) {
    var distinct = new ArrayList<FileId>();
    var seen = new HashSet<String>();
    for (var id : fileIds) {
      if (seen.add(id)) {
        distinct.add(fileId(param, id));
      }
    }
    var found = byId(files.findAll(project, distinct));
    return distinct.stream()
        .map(
            id ->
                Optional.ofNullable(found.get(id.value()))
                    .orElseThrow(() -> FileReferences.missing("file", param, id.value())))
        .toList();
  }

  private static FileId fileId(String param, String id) {
    try {
      return new FileId(id);
    } catch (ApiException e) {
      throw FileReferences.missing("file", param, id);
    }
  }

  static Map<String, StoredFile> byId(List<StoredFile> found) {
    return found.stream().collect(Collectors.toMap(file -> file.id().value(), file -> file));
  }
}
