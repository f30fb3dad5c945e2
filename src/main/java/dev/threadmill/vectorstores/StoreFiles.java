package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileBatchId;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FileLifecycle;
import dev.threadmill.files.Files;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The files in vector stores. */
@ApplicationScoped
public class StoreFiles implements FileLifecycle {
  private static final int MAX_PARTS = 2_000;
  private static final long MAX_TEXT_BYTES = 4L * 1024 * 1024;

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final VectorStores stores;
  private final StoreFileTable storeFiles;
  private final AddFiles addFiles;
  private final Files files;
  private final StoreEmbeddings embeddings;
  private final IngestionSignal ingestion;

  StoreFiles(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      VectorStores stores,
      StoreFileTable storeFiles,
      AddFiles addFiles,
      Files files,
      StoreEmbeddings embeddings,
      IngestionSignal ingestion) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.stores = stores;
    this.storeFiles = storeFiles;
    this.addFiles = addFiles;
    this.files = files;
    this.embeddings = embeddings;
    this.ingestion = ingestion;
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
    stores.getWithoutCounts(project, store);
    var added =
        addFiles.resolve(
            project, "file_id", List.of(fileId), attributes, Chunking.strategyOf(chunking));
    jdbc.runInTransaction(tx -> addFiles.addLocked(tx, project, store, null, added));
    return file(project, store, added.getFirst().file().id());
  }

  /** Adds files to a store as a batch. */
  public FileBatch addBatch(ProjectId project, VectorStoreId store, CreateFileBatch request) {
    stores.getWithoutCounts(project, store);
    var added = request.resolve((param, fileIds) -> addFiles.existing(project, param, fileIds));
    var batch = new FileBatchId(ids.next(FileBatchId.PREFIX));
    jdbc.runInTransaction(
        tx -> {
          storeFiles.insertBatch(
              tx, batch, store, project, clock.instant().truncatedTo(ChronoUnit.MILLIS));
          addFiles.addLocked(tx, project, store, batch, added);
        });
    return batch(project, store, batch);
  }

  /** A file of a store; 404 if it has none of this id. */
  public StoreFile file(ProjectId project, VectorStoreId store, FileId file) {
    stores.getWithoutCounts(project, store);
    return storeFiles.find(store, file).orElseThrow(() -> noFile(store, file));
  }

  /**
   * The files of a store.
   *
   * @param status null for all
   */
  public Page<StoreFile> files(
      ProjectId project, VectorStoreId store, FileStatus status, PageRequest request) {
    stores.getWithoutCounts(project, store);
    return storeFiles.list(store, null, status, request);
  }

  /** Sets the attributes of a file in a store. */
  public StoreFile setAttributes(
      ProjectId project, VectorStoreId store, FileId file, Attributes attributes) {
    VectorStores.requireActive(stores.getWithoutCounts(project, store));
    return storeFiles.setAttributes(store, file, attributes).orElseThrow(() -> noFile(store, file));
  }

  /** Removes a file from a store; the file itself stays. */
  public void removeFile(ProjectId project, VectorStoreId store, FileId file) {
    stores.getWithoutCounts(project, store);
    if (!storeFiles.remove(store, file)) {
      throw noFile(store, file);
    }
  }

  /**
   * Parts of the text of a file.
   *
   * @param parts each without what it repeats of the one before
   * @param next the number of the part that follows; null if these are the last
   */
  public record Texts(List<String> parts, Integer next) {}

  /** The parts of a file's text from one on, up to a number or a size that fits a response. */
  public Texts texts(StoreFile file, int from) {
    AnswerMemory.current().reserve(MAX_TEXT_BYTES);
    var found = storeFiles.texts(file.content(), from, MAX_PARTS, MAX_TEXT_BYTES);
    return new Texts(
        found.stream()
            .map(text -> text.text().substring(Math.min(text.repeated(), text.text().length())))
            .toList(),
        found.isEmpty() ? null : found.getLast().next());
  }

  /** A batch; 404 if the store has none of this id. */
  public FileBatch batch(ProjectId project, VectorStoreId store, FileBatchId batch) {
    stores.getWithoutCounts(project, store);
    return storeFiles
        .findBatch(store, batch)
        .orElseThrow(() -> ApiException.notFound("vector store file batch", batch));
  }

  /** A batch of whatever store; empty if the project has none of this id. */
  public Optional<FileBatch> findBatch(ProjectId project, FileBatchId batch) {
    return storeFiles.findBatch(project, batch);
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

  /**
   * Has some files indexed again that were indexed with another embedding model. Returns how many.
   */
  public int indexOutdatedAgain(int limit) {
    var model = embeddings.name();
    int again =
        jdbc.inTransaction(
            tx -> {
              var contents = new HashMap<StoreFileTable.Outdated, String>();
              storeFiles.outdated(tx, model, limit).stream()
                  .collect(Collectors.groupingBy(StoreFileTable.Outdated::project))
                  .forEach(
                      (project, outdated) -> {
                        var found = AddFiles.byId(files.findAll(tx, project, idsOf(outdated)));
                        for (var each : outdated) {
                          var file = found.get(each.file().value());
                          if (file != null) {
                            contents.put(each, ContentKey.of(file, each.strategy(), model));
                          }
                        }
                      });
              storeFiles.indexAgain(tx, contents, model);
              return contents.size();
            });
    if (again > 0) {
      ingestion.send();
    }
    return again;
  }

  private static Set<FileId> idsOf(List<StoreFileTable.Outdated> outdated) {
    return outdated.stream().map(StoreFileTable.Outdated::file).collect(Collectors.toSet());
  }

  private static ApiException noFile(VectorStoreId store, FileId file) {
    return ApiException.notFound("file in vector store '%s'".formatted(store), file);
  }
}
