package dev.threadmill.tools.code;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.Files;
import dev.threadmill.files.NewFile;
import dev.threadmill.files.ReceivedContent;
import dev.threadmill.files.StoredFile;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.tools.code.CodeFileStore.CodeFile;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The containers of projects, and the files in them. */
@ApplicationScoped
public class Containers {
  private static final int MAX_OF_PROJECT = 1_000;
  private static final int MAX_FILES = 1_000;

  private final Jdbc jdbc;
  private final ContainerStore store;
  private final CodeFileStore codeFiles;
  private final ThreadStore threads;
  private final Files files;
  private final Sandbox sandbox;
  private final InstantSource clock;

  Containers(
      Jdbc jdbc,
      ContainerStore store,
      CodeFileStore codeFiles,
      ThreadStore threads,
      Files files,
      Sandbox sandbox,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.codeFiles = codeFiles;
    this.threads = threads;
    this.files = files;
    this.sandbox = sandbox;
    this.clock = clock;
  }

  /**
   * A file in a container.
   *
   * @param path below {@code /mnt/data}
   * @param ofClient whether a client has given it; code has made the others
   */
  public record ContainerFile(String path, StoredFile file, boolean ofClient) {}

  /**
   * Creates a container.
   *
   * @param expiresAfter minutes after its last use
   * @param fileIds files of the project that it begins with
   * @throws ApiException 400 if this server runs no code, or if the project has too many
   */
  public Container create(
      ProjectId project, String name, String memoryLimit, int expiresAfter, List<FileId> fileIds) {
    var availability = sandbox.availability();
    if (!availability.isAvailable()) {
      throw ApiException.invalidState(availability.line());
    }
    var now = ContainerStore.stored(clock.instant());
    if (store.countOfClients(project, now) >= MAX_OF_PROJECT) {
      throw ApiException.invalidState(
          "The project has %d containers. Delete some, or wait until they expire."
              .formatted(MAX_OF_PROJECT));
    }
    var given = files.findAll(project, fileIds);
    return jdbc.inTransaction(
        tx -> {
          var thread =
              threads
                  .create(
                      tx,
                      new NewThread(project, null, null, Metadata.EMPTY, List.of()).asHidden(),
                      0)
                  .thread()
                  .id();
          var container =
              new Container(
                  Container.idOf(thread),
                  project,
                  thread,
                  name,
                  memoryLimit,
                  now,
                  now,
                  expiresAfter,
                  now.plus(Duration.ofMinutes(expiresAfter)));
          store.insert(tx, container);
          var known = new ArrayList<CodeFile>();
          given.forEach(file -> known.add(added(known, file)));
          codeFiles.save(tx, project, thread, known);
          return container;
        });
  }

  private static CodeFile added(List<CodeFile> known, StoredFile file) {
    var path = InputFiles.freePath(file.filename(), InputFiles.pathsAndFolders(known));
    return new CodeFile(path, file.id(), file.id());
  }

  /** The container, also if it has expired; empty if the project has none of this id. */
  public Optional<Container> find(ProjectId project, String id) {
    return store.find(project, id);
  }

  /** The container; 404 if the project has none of this id. */
  public Container get(ProjectId project, String id) {
    return find(project, id).orElseThrow(() -> notFound("Container", id));
  }

  private static ApiException notFound(String what, String id) {
    var shown = id.length() <= 80 ? id : id.substring(0, 80) + "…";
    return new ApiException(
        404,
        new ApiError(
            "%s with id '%s' not found.".formatted(what, shown),
            ApiError.INVALID_REQUEST,
            null,
            null));
  }

  /** The container with its files; 404 if there is none, 400 if it has expired. */
  private Container usable(ProjectId project, String id) {
    var container = get(project, id);
    if (container.isExpired(clock.instant())) {
      throw ApiException.invalidState("Container is expired.");
    }
    return container;
  }

  /**
   * A page of the containers of a project.
   *
   * @param name null for all
   */
  public Page<Container> list(ProjectId project, String name, PageRequest page) {
    return store.list(project, name, page);
  }

  /**
   * Deletes a container with its session and its files. That of a thread leaves the files that
   * messages may refer to.
   *
   * @throws ApiException 404 if there is none
   */
  public void delete(ProjectId project, String id) {
    var container = get(project, id);
    jdbc.runInTransaction(tx -> delete(tx, container));
  }

  private void delete(Tx tx, Container container) {
    if (container.isOfClient()) {
      threads.lock(tx, container.project(), container.thread(), 0);
      threads.deleteLocked(tx, container.thread());
    } else {
      codeFiles.deleteThread(tx, container.thread());
      store.delete(tx, container);
    }
  }

  /**
   * The files of a container, by their paths.
   *
   * @throws ApiException 404 if there is none, 400 if it has expired
   */
  public List<ContainerFile> files(ProjectId project, String id) {
    return files(project, usable(project, id).thread());
  }

  private List<ContainerFile> files(ProjectId project, ThreadId thread) {
    var known = codeFiles.files(thread).stream().filter(each -> each.file() != null).toList();
    Map<FileId, StoredFile> found =
        files.findAll(project, known.stream().map(CodeFile::file).toList()).stream()
            .collect(Collectors.toMap(StoredFile::id, Function.identity(), (one, _) -> one));
    return known.stream()
        .filter(each -> found.containsKey(each.file()))
        .map(each -> new ContainerFile(each.path(), found.get(each.file()), each.input() != null))
        .toList();
  }

  /**
   * A file of a container.
   *
   * @throws ApiException 404 if there is no such container or file, 400 if it has expired
   */
  public ContainerFile file(ProjectId project, String id, FileId file) {
    return files(project, id).stream()
        .filter(each -> each.file().id().equals(file))
        .findFirst()
        .orElseThrow(() -> notFound("Container file", file.value()));
  }

  /**
   * Adds a file that belongs to the container and is deleted with it.
   *
   * @throws ApiException 404 if there is no such container, 400 if it has expired or is full
   */
  public ContainerFile add(
      ProjectId project, String id, String filename, String contentType, ReceivedContent content)
      throws IOException {
    var container = writable(project, id);
    var file = new NewFile(filename, FilePurpose.USER_DATA, contentType, null, container.thread());
    var made = new ContainerFile[1];
    files.create(file, content, stored -> made[0] = add(stored.tx(), container, stored.file()));
    return made[0];
  }

  /**
   * Adds a file of the project.
   *
   * @throws ApiException 404 if there is no such container or file, 400 if it has expired or is
   *     full
   */
  public ContainerFile add(ProjectId project, String id, FileId file) {
    var container = writable(project, id);
    var given = files.get(project, file);
    return jdbc.inTransaction(tx -> add(tx, container, given));
  }

  private Container writable(ProjectId project, String id) {
    var container = usable(project, id);
    if (codeFiles.files(container.thread()).size() >= MAX_FILES) {
      throw ApiException.invalidState(
          "The container has %d files. Delete some first.".formatted(MAX_FILES));
    }
    return container;
  }

  /** The lock of the thread keeps two files from getting one path. */
  private ContainerFile add(Tx tx, Container container, StoredFile file) {
    threads.lock(tx, container.project(), container.thread(), 0);
    var entry = added(codeFiles.files(tx, container.thread()), file);
    codeFiles.save(tx, container.project(), container.thread(), List.of(entry));
    return new ContainerFile(entry.path(), file, true);
  }

  /**
   * Removes a file from a container; one that was made for it is deleted.
   *
   * @throws ApiException 404 if there is no such container or file, 400 if it has expired
   */
  public void remove(ProjectId project, String id, FileId file) {
    var container = usable(project, id);
    var found = file(project, id, file);
    var entry =
        container.isOfClient() || !found.ofClient()
            ? new CodeFile(found.path(), null, null)
            : new CodeFile(found.path(), null, file);
    jdbc.runInTransaction(
        tx -> {
          codeFiles.save(tx, project, container.thread(), List.of(entry));
          if (container.isOfClient() && container.thread().equals(found.file().threadId())) {
            files.delete(tx, project, List.of(file));
          }
        });
  }

  /**
   * Where code runs that a tool sends to this container.
   *
   * @return empty if there is no such container, or it has expired
   */
  Optional<ThreadId> threadOf(ProjectId project, String id) {
    return find(project, id)
        .filter(found -> !found.isExpired(clock.instant()))
        .map(Container::thread);
  }

  /** Code runs for a thread. */
  void used(ProjectId project, ThreadId thread) {
    store.used(project, thread, ContainerStore.stored(clock.instant()));
  }

  /**
   * Deletes the files of containers that have expired, and later the containers.
   *
   * @param keep how long an expired container can still be retrieved
   * @param limit how many of each at most
   * @return whether there may be more
   */
  public boolean sweep(Duration keep, int limit) {
    var now = clock.instant();
    var expired = store.expired(now, limit);
    expired.forEach(each -> jdbc.runInTransaction(tx -> clear(tx, each)));
    var forgotten = store.forgotten(now, keep, limit);
    forgotten.forEach(each -> jdbc.runInTransaction(tx -> delete(tx, each)));
    return expired.size() == limit || forgotten.size() == limit;
  }

  private void clear(Tx tx, Container container) {
    if (store.clear(tx, container, clock.instant())) {
      codeFiles.deleteThread(tx, container.thread());
      files.deleteOfThread(tx, container.thread());
    }
  }
}
