package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileLifecycle;
import dev.threadmill.files.FileReferences;
import dev.threadmill.files.Files;
import dev.threadmill.files.StoredFile;
import dev.threadmill.files.VectorStoreLookup;
import dev.threadmill.files.chunks.ChunkingStrategy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The vector stores of projects and the files in them. */
@ApplicationScoped
public class VectorStores implements VectorStoreLookup, FileLifecycle {
  /** The most files in a store. */
  public static final int MAX_FILES = 10_000;

  private static final Duration TOUCH_INTERVAL = Duration.ofMinutes(1);

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final VectorStoreTable stores;
  private final StoreFileTable storeFiles;
  private final Files files;
  private final StoreEmbeddings embeddings;
  private final IngestionSignal ingestion;

  VectorStores(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      VectorStoreTable stores,
      StoreFileTable storeFiles,
      Files files,
      StoreEmbeddings embeddings,
      IngestionSignal ingestion) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.stores = stores;
    this.storeFiles = storeFiles;
    this.files = files;
    this.embeddings = embeddings;
    this.ingestion = ingestion;
  }

  /** Creates a store with files. Not to be called within a transaction. */
  public VectorStore create(ProjectId project, CreateVectorStore request) {
    var added =
        resolve(
            project,
            "file_ids",
            request.fileIds() == null ? List.of() : request.fileIds(),
            Attributes.EMPTY,
            Chunking.strategyOf(request.chunkingStrategy()));
    var id =
        jdbc.inTransaction(
            tx -> {
              var created = insert(tx, project, request, null);
              add(tx, project, created, null, added);
              return created;
            });
    return get(project, id);
  }

  /**
   * Creates a store along with another object. Not to be called within a transaction.
   *
   * @param param the name of the list of files, for errors
   * @param expiresAfter null if it does not expire
   * @throws ApiException 400 if one of the files does not exist
   */
  public VectorStoreId create(
      ProjectId project,
      String param,
      List<String> fileIds,
      Chunking chunking,
      Metadata metadata,
      ExpiresAfter expiresAfter) {
    var added = resolve(project, param, fileIds, Attributes.EMPTY, Chunking.strategyOf(chunking));
    var request = new CreateVectorStore(null, null, null, expiresAfter, null, metadata);
    return jdbc.inTransaction(
        tx -> {
          var created = insert(tx, project, request, null);
          add(tx, project, created, null, added);
          return created;
        });
  }

  private VectorStoreId insert(
      Tx tx, ProjectId project, CreateVectorStore request, ThreadId thread) {
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var expiresAfter = request.expiresAfter();
    var store =
        new VectorStore(
            new VectorStoreId(ids.next(VectorStoreId.PREFIX)),
            project,
            now,
            request.name(),
            request.description(),
            request.metadata(),
            expiresAfter,
            now,
            expiresAfter == null ? null : now.plus(expiresAfter.days(), ChronoUnit.DAYS),
            false,
            FileCounts.NONE,
            0);
    stores.insert(tx, store, thread);
    return store.id();
  }

  /** The store; 404 if the project has none of this id. */
  public VectorStore get(ProjectId project, VectorStoreId id) {
    return find(project, List.of(id.value())).stream().findFirst().orElseThrow(() -> notFound(id));
  }

  /** Those of these ids that are stores of the project, expired ones included. */
  public List<VectorStore> find(ProjectId project, Collection<String> storeIds) {
    return storeIds.isEmpty() ? List.of() : stores.find(project, storeIds);
  }

  @Override
  public Set<String> existing(ProjectId project, Collection<String> vectorStoreIds) {
    return find(project, vectorStoreIds).stream()
        .map(store -> store.id().value())
        .collect(Collectors.toSet());
  }

  /** The stores of a project. */
  public Page<VectorStore> list(ProjectId project, PageRequest request) {
    return stores.list(project, request);
  }

  /** Changes a store; 400 if it has expired. */
  public VectorStore modify(ProjectId project, VectorStoreId id, ModifyVectorStore change) {
    if (!stores.modify(project, id, change)) {
      requireActive(get(project, id));
    }
    return get(project, id);
  }

  /** Deletes a store: it is not found from now on, and loses its entries in the background. */
  public void delete(ProjectId project, VectorStoreId id) {
    if (!stores.delete(project, id)) {
      throw notFound(id);
    }
    ingestion.send();
  }

  /** As {@link #get}, without the counts of its files. */
  public VectorStore getWithoutCounts(ProjectId project, VectorStoreId id) {
    return findWithoutCounts(project, List.of(id.value())).stream()
        .findFirst()
        .orElseThrow(() -> notFound(id));
  }

  /** As {@link #find}, without the counts of their files. */
  public List<VectorStore> findWithoutCounts(ProjectId project, Collection<String> storeIds) {
    return storeIds.isEmpty() ? List.of() : stores.findWithoutCounts(project, storeIds);
  }

  /** Records that stores were used, on which their expiry depends, about once a minute. */
  public void touch(List<VectorStore> used) {
    var before = clock.instant().minus(TOUCH_INTERVAL);
    var idle =
        used.stream()
            .filter(store -> store.lastActiveAt().isBefore(before))
            .map(store -> store.id().value())
            .toList();
    if (!idle.isEmpty()) {
      stores.touch(idle);
    }
  }

  /**
   * Adds a file to a store.
   *
   * @param attributes null for none
   * @param chunking null for the default
   */
  public StoreFile add(
      ProjectId project,
      VectorStoreId store,
      String fileId,
      Attributes attributes,
      Chunking chunking) {
    get(project, store);
    var added =
        resolve(project, "file_id", List.of(fileId), attributes, Chunking.strategyOf(chunking));
    jdbc.runInTransaction(tx -> addLocked(tx, project, store, null, added));
    return file(project, store, added.getFirst().file().id());
  }

  /** Adds files to a store as a batch. */
  public FileBatch addBatch(ProjectId project, VectorStoreId store, CreateFileBatch request) {
    get(project, store);
    var added = request.resolve((param, fileIds) -> existing(project, param, fileIds));
    var batch = new FileBatchId(ids.next(FileBatchId.PREFIX));
    jdbc.runInTransaction(
        tx -> {
          storeFiles.insertBatch(
              tx, batch, store, project, clock.instant().truncatedTo(ChronoUnit.MILLIS));
          addLocked(tx, project, store, batch, added);
        });
    return batch(project, store, batch);
  }

  /**
   * Adds files to the store of a thread, which is created if there is none. Files that do not exist
   * any more are ignored.
   *
   * @param days after which the store expires if it is created
   * @return the store
   */
  public VectorStoreId addForThread(
      Tx tx,
      ProjectId project,
      ThreadId thread,
      Optional<VectorStoreId> existing,
      Collection<FileId> fileIds,
      int days) {
    var found = files.findAll(tx, project, fileIds);
    var added =
        found.stream()
            .map(file -> new NewStoreFile(file, Attributes.EMPTY, ChunkingStrategy.DEFAULT))
            .toList();
    var store =
        existing
            .filter(id -> stores.lockActive(tx, project, id))
            .or(() -> stores.ofThread(tx, thread))
            .orElseGet(
                () ->
                    insert(
                        tx,
                        project,
                        new CreateVectorStore(
                            null, null, null, ExpiresAfter.days(days), null, null),
                        thread));
    add(tx, project, store, null, added);
    return store;
  }

  /** Marks the stores that were made for a thread as deleted. */
  public void deleteOfThread(Tx tx, ThreadId thread) {
    stores.deleteOfThread(tx, thread);
    tx.afterCommit(ingestion::send);
  }

  private void addLocked(
      Tx tx, ProjectId project, VectorStoreId store, FileBatchId batch, List<NewStoreFile> added) {
    if (!stores.lockActive(tx, project, store)) {
      throw expired(store);
    }
    add(tx, project, store, batch, added);
    if (storeFiles.count(tx, store, MAX_FILES + 1) > MAX_FILES) {
      throw ApiException.invalidState(
          "The vector store '%s' would have more than %d files.".formatted(store, MAX_FILES));
    }
  }

  private void add(
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
    tx.afterCommit(ingestion::send);
  }

  private List<NewStoreFile> resolve(
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
  private List<StoredFile> existing(ProjectId project, String param, List<String> fileIds) {
    var distinct = new ArrayList<FileId>();
    var seen = new HashSet<String>();
    for (var id : fileIds) {
      if (seen.add(id)) {
        distinct.add(fileId(param, id));
      }
    }
    var found =
        files.findAll(project, distinct).stream()
            .collect(Collectors.toMap(file -> file.id().value(), Function.identity()));
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

  /** A file of a store; 404 if it has none of this id. */
  public StoreFile file(ProjectId project, VectorStoreId store, FileId file) {
    get(project, store);
    return storeFiles.find(store, file).orElseThrow(() -> noFile(store, file));
  }

  /**
   * The files of a store.
   *
   * @param status null for all
   */
  public Page<StoreFile> files(
      ProjectId project, VectorStoreId store, FileStatus status, PageRequest request) {
    get(project, store);
    return storeFiles.list(store, null, status, request);
  }

  /** Sets the attributes of a file in a store. */
  public StoreFile setAttributes(
      ProjectId project, VectorStoreId store, FileId file, Attributes attributes) {
    requireActive(get(project, store));
    return storeFiles.setAttributes(store, file, attributes).orElseThrow(() -> noFile(store, file));
  }

  /** Removes a file from a store; the file itself stays. */
  public void removeFile(ProjectId project, VectorStoreId store, FileId file) {
    get(project, store);
    if (!storeFiles.remove(store, file)) {
      throw noFile(store, file);
    }
  }

  /** The parts of a file's text from one on, each without what it repeats of the one before. */
  public List<String> texts(StoreFile file, int from, int limit) {
    return storeFiles.texts(file.content(), from, limit).stream()
        .map(text -> text.text().substring(Math.min(text.repeated(), text.text().length())))
        .toList();
  }

  /** A batch; 404 if the store has none of this id. */
  public FileBatch batch(ProjectId project, VectorStoreId store, FileBatchId batch) {
    get(project, store);
    return storeFiles
        .findBatch(store, batch)
        .orElseThrow(() -> ApiException.notFound("vector store file batch", batch));
  }

  /** The files of a batch. */
  public Page<StoreFile> filesOfBatch(
      ProjectId project,
      VectorStoreId store,
      FileBatchId batch,
      FileStatus status,
      PageRequest request) {
    batch(project, store, batch);
    return storeFiles.list(store, batch, status, request);
  }

  /** Cancels the files of a batch that are not indexed yet. */
  public FileBatch cancelBatch(ProjectId project, VectorStoreId store, FileBatchId batch) {
    batch(project, store, batch);
    storeFiles.cancelBatch(store, batch);
    return batch(project, store, batch);
  }

  @Override
  public void deleteFiles(Tx tx, ProjectId project, List<FileId> deleted) {
    storeFiles.removeFromAll(tx, project, deleted);
  }

  /** Marks the stores that have expired. Returns how many. */
  public int expire() {
    return stores.expire();
  }

  /**
   * Removes some of what a deleted or expired store holds. False if there is nothing left to
   * remove.
   *
   * @param entries the most entries of the index
   */
  public boolean removeSome(int entries) {
    return jdbc.inTransaction(
        tx -> {
          var next = stores.nextRemoval(tx);
          if (next.isEmpty()) {
            return false;
          }
          if (!storeFiles.removeSome(tx, next.get().id(), entries)) {
            stores.remove(tx, next.get());
          }
          return true;
        });
  }

  /** 400 if a store has expired. */
  public static void requireActive(VectorStore store) {
    if (store.isExpired()) {
      throw expired(store.id());
    }
  }

  private static ApiException expired(VectorStoreId id) {
    return ApiException.invalidState("The vector store '%s' has expired.".formatted(id));
  }

  private static ApiException notFound(VectorStoreId id) {
    return ApiException.notFound("vector store", id);
  }

  private static ApiException noFile(VectorStoreId store, FileId file) {
    return ApiException.notFound("file in vector store '%s'".formatted(store), file);
  }
}
