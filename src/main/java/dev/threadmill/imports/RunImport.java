package dev.threadmill.imports;

import dev.threadmill.imports.ImportJob.Stage;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** The steps of an import that this node has claimed, from where it is. */
@ApplicationScoped
class RunImport {
  private final ImportStore imports;
  private final StagedItems items;
  private final ReadFiles readFiles;
  private final ReadServer readServer;
  private final StoreBatch storeBatch;
  private final TakeFile takeFile;
  private final TakeVectorStore takeVectorStore;
  private final TakeAssistant takeAssistant;
  private final TakeThread takeThread;
  private final ImportsConfig config;
  private final InstantSource clock;

  RunImport(
      ImportStore imports,
      StagedItems items,
      ReadFiles readFiles,
      ReadServer readServer,
      StoreBatch storeBatch,
      TakeFile takeFile,
      TakeVectorStore takeVectorStore,
      TakeAssistant takeAssistant,
      TakeThread takeThread,
      ImportsConfig config,
      InstantSource clock) {
    this.imports = imports;
    this.items = items;
    this.readFiles = readFiles;
    this.readServer = readServer;
    this.storeBatch = storeBatch;
    this.takeFile = takeFile;
    this.takeVectorStore = takeVectorStore;
    this.takeAssistant = takeAssistant;
    this.takeThread = takeThread;
    this.config = config;
    this.clock = clock;
  }

  /**
   * Executes an import to its end.
   *
   * @throws ImportFailedException if it cannot continue
   * @throws ImportStore.LostImportException if this node has lost it
   */
  void run(ImportJob job) throws ImportFailedException, InterruptedException {
    var now = job;
    if (now.stage() == Stage.READING) {
      now = now.request().server() == null ? readFiles.read(now) : readServer.read(now);
      storeBatch.complete(now);
      now = imports.enter(now, Stage.FILES);
    }
    while (now.stage() != Stage.DONE) {
      writeAll(now);
      now = imports.enter(now, now.stage().next());
    }
    imports.end(now, ImportJob.Status.COMPLETED, null);
  }

  private void writeAll(ImportJob job) throws ImportFailedException, InterruptedException {
    while (true) {
      var next = items.first(job, kind(job.stage()));
      if (next.isEmpty()) {
        return;
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (clock.instant().isAfter(job.createdAt().plus(config.maxTime()))) {
        throw new ImportFailedException(
            "The import is not done after %s.".formatted(config.maxTime()), false);
      }
      switch (next.get().kind()) {
        case FILE -> takeFile.take(job, next.get());
        case VECTOR_STORE -> takeVectorStore.take(job, next.get());
        case ASSISTANT -> takeAssistant.take(job, next.get());
        case THREAD -> takeThread.take(job, next.get());
        case FILE_CONTENT, VECTOR_STORE_FILE, MESSAGE, RUN ->
            throw new IllegalStateException("part of another item: " + next.get().kind());
      }
    }
  }

  private static Kind kind(Stage stage) {
    return switch (stage) {
      case FILES -> Kind.FILE;
      case VECTOR_STORES -> Kind.VECTOR_STORE;
      case ASSISTANTS -> Kind.ASSISTANT;
      case THREADS -> Kind.THREAD;
      case READING, DONE -> throw new IllegalStateException("nothing is written now: " + stage);
    };
  }
}
