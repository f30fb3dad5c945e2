package dev.threadmill.imports;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.FileId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ImportId;
import dev.threadmill.api.Json;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileReferences;
import dev.threadmill.files.Files;
import dev.threadmill.guard.SecretBox;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The imports of projects. */
@ApplicationScoped
class Imports implements ObjectLookup {
  private static final int SHOWN_PROBLEMS = 100;

  private final ImportStore store;
  private final Files files;
  private final SecretBox secrets;
  private final ImportSignal signal;
  private final Ids ids;
  private final InstantSource clock;

  Imports(
      ImportStore store,
      Files files,
      SecretBox secrets,
      ImportSignal signal,
      Ids ids,
      InstantSource clock) {
    this.store = store;
    this.files = files;
    this.secrets = secrets;
    this.signal = signal;
    this.ids = ids;
    this.clock = clock;
  }

  /** Queues an import; 400 if a file does not exist. */
  ImportObject create(ProjectId project, CreateImport request) {
    var fileIds = request.fileIds() == null ? List.<FileId>of() : request.fileIds();
    for (int i = 0; i < fileIds.size(); i++) {
      if (files.find(project, fileIds.get(i)).isEmpty()) {
        throw FileReferences.missing("file", "file_ids[%d]".formatted(i), fileIds.get(i).value());
      }
    }
    var key = request.server() == null ? null : request.server().apiKey();
    var job =
        new ImportJob(
            new ImportId(ids.next(ImportId.PREFIX)),
            project,
            clock.instant().truncatedTo(ChronoUnit.MILLIS),
            ImportJob.Status.QUEUED,
            ImportJob.Stage.READING,
            request.withoutKey(),
            key == null ? null : secrets.seal(project, key).box(),
            Json.MAPPER.createObjectNode(),
            null,
            null,
            0,
            0);
    store.insert(job);
    signal.send();
    return ImportObject.of(job, Map.of(), List.of());
  }

  ImportObject get(ProjectId project, ImportId id) {
    return store
        .find(project, id)
        .map(job -> shown(job, SHOWN_PROBLEMS))
        .orElseThrow(() -> ApiException.notFound("import", id));
  }

  private ImportObject shown(ImportJob job, int problems) {
    return ImportObject.of(job, store.counts(job.id()), store.problems(job.id(), problems));
  }

  /** The imports of a project, without their problems. */
  Page<ImportObject> list(ProjectId project, PageRequest page) {
    return store.list(project, page).map(job -> ImportObject.of(job, null, null));
  }

  /** Cancels an import; 400 if it has ended. */
  ImportObject cancel(ProjectId project, ImportId id) {
    var found = get(project, id);
    if (!store.cancel(project, id)) {
      throw ApiException.invalidState(
          "The import '%s' cannot be cancelled: it is %s.".formatted(id, found.status().wire()));
    }
    return get(project, id);
  }

  @Override
  public String prefix() {
    return ImportId.PREFIX;
  }

  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return store.find(project, new ImportId(id)).<Object>map(job -> shown(job, SHOWN_PROBLEMS));
  }
}
