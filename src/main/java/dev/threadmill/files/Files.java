package dev.threadmill.files;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.privacy.Tokenizer;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The files of projects. Their content never changes, and is in the blob store. */
@ApplicationScoped
public class Files implements ExpiringContent {
  private static final int MAX_ENDING = 8;

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final FileStore store;
  private final Blobs blobs;
  private final LocalFiles localFiles;
  private final FilesConfig config;
  private final List<FileLifecycle> features;
  private final Tokenizer tokenizer;

  Files(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      FileStore store,
      Blobs blobs,
      LocalFiles localFiles,
      FilesConfig config,
      @All List<FileLifecycle> features,
      Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.store = store;
    this.blobs = blobs;
    this.localFiles = localFiles;
    this.config = config;
    this.features = features;
  }

  /** The file; empty if the project has none of this id. */
  public Optional<StoredFile> find(ProjectId project, FileId id) {
    return findAll(project, List.of(id)).stream().findFirst();
  }

  /** The file; 404 if the project has none of this id. */
  public StoredFile get(ProjectId project, FileId id) {
    return find(project, id).orElseThrow(() -> ApiException.notFound("file", id));
  }

  /** Those of these files that the project has, in no order. One statement. */
  public List<StoredFile> findAll(ProjectId project, Collection<FileId> fileIds) {
    return fileIds.isEmpty() ? List.of() : store.findAll(project, fileIds);
  }

  /** As {@link #findAll(ProjectId, Collection)}, within a transaction. */
  public List<StoredFile> findAll(Tx tx, ProjectId project, Collection<FileId> fileIds) {
    return fileIds.isEmpty() ? List.of() : store.findAll(tx, project, fileIds);
  }

  /**
   * A page of the files of a project.
   *
   * @param purpose null for all
   */
  public Page<StoredFile> list(ProjectId project, FilePurpose purpose, PageRequest page) {
    return store.list(project, purpose, page);
  }

  /**
   * Creates a file from a stream, of which only a piece at a time is in memory. Not to be called
   * within a transaction.
   *
   * @param content read to its end, not closed
   * @throws ApiException 413 if it is too large, 429 if the project has no space for it
   * @throws IOException if the content cannot be read or stored
   */
  public StoredFile create(ProjectId project, NewFile file, InputStream content)
      throws IOException {
    return create(project, file, content, 0, config.maxBytes());
  }

  /**
   * As {@link #create(ProjectId, NewFile, InputStream)}.
   *
   * @param expectedBytes what counts against the limit of the project at once, 0 for unknown
   * @param maxBytes the most that is accepted
   */
  public StoredFile create(
      ProjectId project, NewFile file, InputStream content, long expectedBytes, long maxBytes)
      throws IOException {
    try (var received = blobs.receive(project, content, expectedBytes, maxBytes)) {
      return create(file, received, _ -> {});
    }
  }

  /**
   * Creates a file from content that has been received.
   *
   * @param along called in the transaction that inserts the file
   */
  public StoredFile create(NewFile file, ReceivedContent content, Consumer<StoredInTx> along)
      throws IOException {
    var stored =
        describe(ids.file(), clock.instant().truncatedTo(ChronoUnit.MILLIS), file, content);
    blobs.store(
        content,
        tx -> {
          store.insert(tx, stored);
          along.accept(new StoredInTx(tx, stored));
        });
    return stored;
  }

  /**
   * Creates a file that another server has had. Not to be called within a transaction.
   *
   * @param id not in use
   * @throws ApiException 413 if it is too large, 429 if the project has no space for it
   */
  public StoredFile importFile(
      ProjectId project, FileId id, Instant createdAt, NewFile file, InputStream content)
      throws IOException {
    try (var received = blobs.receive(project, content, 0, config.maxBytes())) {
      var stored = describe(id, createdAt, file, received);
      blobs.store(received, tx -> store.insert(tx, stored));
      return stored;
    }
  }

  /** A file in the transaction that inserts it. */
  public record StoredInTx(Tx tx, StoredFile file) {}

  /** The ending stays, which says what the file is. */
  private String withoutPersonalData(ProjectId project, String filename) {
    if (filename == null) {
      return null;
    }
    int dot = filename.lastIndexOf('.');
    int end = dot > 0 && filename.length() - dot <= MAX_ENDING ? dot : filename.length();
    return tokenizer.apply(project, filename.substring(0, end)) + filename.substring(end);
  }

  private StoredFile describe(FileId id, Instant createdAt, NewFile file, ReceivedContent content) {
    var filename = Filenames.safe(withoutPersonalData(content.project(), file.filename()));
    return new StoredFile(
        id,
        content.project(),
        createdAt,
        filename,
        content.bytes(),
        file.purpose(),
        Filenames.contentType(file.contentType(), filename),
        content.sha256(),
        StoredFile.Status.PROCESSED,
        null,
        file.expiresAfter() == null ? null : createdAt.plus(file.expiresAfter()),
        file.threadId(),
        content.blob());
  }

  /**
   * The content of a file, to be closed.
   *
   * @throws IOException also if the file was deleted in the meantime
   */
  public InputStream open(StoredFile file) throws IOException {
    return open(file, 0, file.bytes());
  }

  /**
   * A part of the content of a file, to be closed.
   *
   * @param from the first byte
   * @param length of the part, within the file
   */
  public InputStream open(StoredFile file, long from, long length) throws IOException {
    return blobs.open(file.blob(), from, length);
  }

  /**
   * The content of a file as a local file, for programs that need one. Costs nothing if blobs are
   * files of this machine.
   */
  public LocalFile local(StoredFile file) throws IOException {
    return localFiles.of(file);
  }

  /** Deletes a file, its content, and what other features store about it. False if not found. */
  public boolean delete(ProjectId project, FileId id) {
    return jdbc.inTransaction(tx -> !delete(tx, project, List.of(id)).isEmpty());
  }

  /** As {@link #delete(ProjectId, FileId)}, for several files. Returns those that were deleted. */
  public List<FileId> delete(Tx tx, ProjectId project, Collection<FileId> fileIds) {
    return followUp(tx, store.delete(tx, project, fileIds));
  }

  /**
   * Makes files that were created for a message those of its thread: they are deleted with it, and
   * no longer expire.
   */
  public void assign(Tx tx, ProjectId project, ThreadId thread, Collection<FileId> fileIds) {
    if (!fileIds.isEmpty()) {
      store.assign(tx, project, thread, fileIds);
    }
  }

  /**
   * Makes the files of a thread those of a fork of it.
   *
   * @param until the fork refers to no later ones
   */
  public void handOver(Tx tx, ThreadId thread, ThreadId fork, Instant until) {
    store.handOver(tx, thread, fork, until);
  }

  /** Deletes the files that were made for a thread. */
  public void deleteOfThread(Tx tx, ThreadId thread) {
    followUp(tx, store.deleteOfThread(tx, thread));
  }

  @Override
  public int deleteExpired(int limit) {
    return jdbc.inTransaction(tx -> followUp(tx, store.deleteExpired(tx, limit)).size());
  }

  private List<FileId> followUp(Tx tx, List<StoredFile> deleted) {
    if (deleted.isEmpty()) {
      return List.of();
    }
    blobs.release(tx, deleted.stream().map(StoredFile::blob).toList());
    Map<ProjectId, List<FileId>> byProject =
        deleted.stream()
            .collect(
                Collectors.groupingBy(
                    StoredFile::projectId,
                    Collectors.mapping(StoredFile::id, Collectors.toList())));
    byProject.forEach(
        (project, files) -> features.forEach(each -> each.deleteFiles(tx, project, files)));
    return deleted.stream().map(StoredFile::id).toList();
  }
}
