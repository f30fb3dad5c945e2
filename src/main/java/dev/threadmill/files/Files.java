package dev.threadmill.files;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.storage.BlobStore;
import dev.threadmill.files.storage.FilesConfig;
import dev.threadmill.files.storage.IncomingFile;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The files of projects. Creating one first enters its blob in the database, then writes it, and
 * then inserts the file and confirms the blob in one transaction; so there is no file without its
 * content, and a blob whose node has stopped is removed by another one, see {@link FileCleanup}.
 */
@ApplicationScoped
public class Files {
  private static final Logger LOG = Logger.getLogger(Files.class);
  private static final long RENEW_NANOS = Duration.ofMinutes(1).toNanos();

  private final Jdbc jdbc;
  private final Ids ids;
  private final InstantSource clock;
  private final FileStore store;
  private final BlobLedger ledger;
  private final BlobStore blobs;
  private final FilesConfig config;
  private final List<FileLifecycle> features;

  Files(
      Jdbc jdbc,
      Ids ids,
      InstantSource clock,
      FileStore store,
      BlobLedger ledger,
      BlobStore blobs,
      FilesConfig config,
      @All List<FileLifecycle> features) {
    this.jdbc = jdbc;
    this.ids = ids;
    this.clock = clock;
    this.store = store;
    this.ledger = ledger;
    this.blobs = blobs;
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
   * Creates a file from a stream, of which only a piece at a time is in memory. Not to be called
   * within a transaction.
   *
   * @param content read to its end, not closed
   * @throws ApiException 413 if it is too large, 429 if the project has no space for it, 503 if it
   *     cannot be stored
   * @throws IOException if the content cannot be read
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
    var key = ledger.reserve(project, expectedBytes);
    try {
      var received =
          IncomingFile.receive(
              content, blobs.incoming().resolve(key), maxBytes, renewing(project, key));
      var stored = describe(project, file, received, key);
      ledger.renew(project, key, received.bytes());
      blobs.store(key, received.path(), () -> ledger.renew(project, key, received.bytes()));
      jdbc.runInTransaction(
          tx -> {
            ledger.store(tx, project, key, stored.bytes());
            store.insert(tx, stored);
          });
      return stored;
    } catch (IncomingFile.TooLargeException e) {
      releaseQuietly(key);
      throw tooLarge(maxBytes);
    } catch (IOException | RuntimeException e) {
      releaseQuietly(key);
      throw e;
    }
  }

  private LongConsumer renewing(ProjectId project, String key) {
    return new LongConsumer() {
      private long renewed = System.nanoTime();

      @Override
      public void accept(long bytes) {
        if (System.nanoTime() - renewed > RENEW_NANOS) {
          ledger.renew(project, key, bytes);
          renewed = System.nanoTime();
        }
      }
    };
  }

  private StoredFile describe(ProjectId project, NewFile file, IncomingFile received, String key) {
    var now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    var filename = Filenames.safe(file.filename());
    return new StoredFile(
        ids.file(),
        project,
        now,
        filename,
        received.bytes(),
        file.purpose(),
        Filenames.contentType(file.contentType(), filename),
        received.sha256(),
        StoredFile.Status.PROCESSED,
        null,
        file.expiresAfter() == null ? null : now.plus(file.expiresAfter()),
        file.threadId(),
        key);
  }

  /** If the database is away as well, the lease of the blob ends. */
  private void releaseQuietly(String key) {
    try {
      ledger.release(key);
    } catch (RuntimeException e) {
      LOG.warnf("blob not released key=%s cause=%s", key, e);
    }
  }

  /** 413 for content of more than this many bytes. */
  public static ApiException tooLarge(long maxBytes) {
    return new ApiException(
        413,
        new ApiError(
            "The file is too large: expected at most %d bytes.".formatted(maxBytes),
            ApiError.INVALID_REQUEST,
            "file",
            "file_too_large"));
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
    return length == 0 ? InputStream.nullInputStream() : blobs.open(file.blob(), from, length);
  }

  /**
   * The content of a file as a local file, for programs that need one. Costs nothing if blobs are
   * files of this machine.
   */
  public LocalFile local(StoredFile file) throws IOException {
    var path =
        blobs
            .localPath(file.blob())
            .orElseThrow(() -> new UncheckedIOException(new IOException("no local blobs")));
    return new LocalFile() {
      @Override
      public java.nio.file.Path path() {
        return path;
      }

      @Override
      public void close() {
        // The blob itself stays.
      }
    };
  }

  /** Deletes a file, its content, and what other features store about it. False if not found. */
  public boolean delete(ProjectId project, FileId id) {
    return jdbc.inTransaction(tx -> !delete(tx, project, List.of(id)).isEmpty());
  }

  /** As {@link #delete(ProjectId, FileId)}, for several files. Returns those that were deleted. */
  public List<FileId> delete(Tx tx, ProjectId project, Collection<FileId> fileIds) {
    return followUp(tx, store.delete(tx, project, fileIds));
  }

  /** Deletes the files that were made for a thread. */
  public void deleteOfThread(Tx tx, ThreadId thread) {
    followUp(tx, store.deleteOfThread(tx, thread));
  }

  /** Deletes some of the files that have expired. Returns how many. */
  int deleteExpired(int limit) {
    return jdbc.inTransaction(tx -> followUp(tx, store.deleteExpired(tx, limit)).size());
  }

  private List<FileId> followUp(Tx tx, List<StoredFile> deleted) {
    if (deleted.isEmpty()) {
      return List.of();
    }
    ledger.release(tx, deleted.stream().map(StoredFile::blob).toList());
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
