package dev.threadmill.vectorstores;

import dev.threadmill.api.ApiException;
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
import dev.threadmill.files.Files;
import dev.threadmill.files.VectorStoreLookup;
import dev.threadmill.files.chunks.ChunkingStrategy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The vector stores of projects. */
@ApplicationScoped
public class VectorStores implements VectorStoreLookup {
  /** The most files in a store. */
  public static final int MAX_FILES = 10_000;

  private static final Duration TOUCH_INTERVAL = Duration.ofMinutes(1);

  private static final Duration UNCONFIRMED = Duration.ofHours(1);

  private final StoreReferences references;
  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final VectorStoreTable stores;
  private final StoreFileTable storeFiles;
  private final AddFiles addFiles;
  private final Files files;
  private final IngestionSignal ingestion;

  VectorStores(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      VectorStoreTable stores,
      StoreFileTable storeFiles,
      AddFiles addFiles,
      Files files,
      IngestionSignal ingestion,
      StoreReferences references) {
    this.references = references;
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.stores = stores;
    this.storeFiles = storeFiles;
    this.addFiles = addFiles;
    this.files = files;
    this.ingestion = ingestion;
  }

  /** Creates a store with files. Not to be called within a transaction. */
  public VectorStore create(ProjectId project, CreateVectorStore request) {
    var added =
        addFiles.resolve(
            project,
            "file_ids",
            request.fileIds() == null ? List.of() : request.fileIds(),
            Attributes.EMPTY,
            Chunking.strategyOf(request.chunkingStrategy()));
    var id =
        jdbc.inTransaction(
            tx -> {
              var created = insert(tx, project, request, null);
              addFiles.add(tx, project, created, null, added);
              return created;
            });
    return get(project, id);
  }

  /**
   * Creates a store along with another object. Not to be called within a transaction. A store that
   * does not expire is deleted after an hour unless it is {@linkplain #confirm confirmed} or an
   * assistant refers to it.
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
    var added =
        addFiles.resolve(project, param, fileIds, Attributes.EMPTY, Chunking.strategyOf(chunking));
    var request = CreateVectorStore.expiring(expiresAfter, metadata);
    return jdbc.inTransaction(
        tx -> {
          var created = insert(tx, project, request, null);
          if (expiresAfter == null) {
            stores.expectConfirmation(tx, created, clock.instant().plus(UNCONFIRMED));
          }
          addFiles.add(tx, project, created, null, added);
          return created;
        });
  }

  /** The object along with which these stores were created is stored. */
  public void confirm(Collection<String> storeIds) {
    stores.confirm(storeIds);
  }

  /**
   * Deletes stores whose assistant was not stored, because its node stopped, and confirms others.
   *
   * @param limit the most at a time
   */
  public void deleteUnconfirmed(int limit) {
    stores.unconfirmed(limit).stream()
        .collect(Collectors.groupingBy(VectorStoreTable.Unconfirmed::project))
        .forEach(
            (project, unconfirmed) -> {
              var ids = unconfirmed.stream().map(each -> each.id().value()).toList();
              var referenced = references.referenced(project, ids);
              for (var each : unconfirmed) {
                if (!referenced.contains(each.id().value())) {
                  stores.delete(project, each.id());
                }
              }
              stores.confirm(referenced);
            });
  }

  /**
   * Hands the stores that were made for a thread over to a fork of it.
   *
   * @param until the fork refers to no later ones
   */
  public void handOver(Tx tx, ThreadId thread, ThreadId fork, Instant until) {
    stores.handOver(tx, thread, fork, until);
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

  /** The stores that were used within a time, without the counts of their files, latest first. */
  public List<VectorStore> usedWithin(Duration time, int limit) {
    return stores.usedSince(clock.instant().minus(time), limit);
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
                        CreateVectorStore.expiring(ExpiresAfter.days(days), null),
                        thread));
    addFiles.add(tx, project, store, null, added);
    return store;
  }

  /** Marks the stores that were made for a thread as deleted. */
  public void deleteOfThread(Tx tx, ThreadId thread) {
    stores.deleteOfThread(tx, thread);
    tx.afterCommit(ingestion::send);
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

  static ApiException expired(VectorStoreId id) {
    return ApiException.invalidState("The vector store '%s' has expired.".formatted(id));
  }

  private static ApiException notFound(VectorStoreId id) {
    return ApiException.notFound("vector store", id);
  }
}
