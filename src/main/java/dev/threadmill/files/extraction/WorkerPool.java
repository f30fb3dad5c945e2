package dev.threadmill.files.extraction;

import dev.threadmill.api.FairExecutor;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.HomeConfig;
import dev.threadmill.sandbox.ProgramCage;
import dev.threadmill.sandbox.SandboxConfig;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * The processes that read documents: started when a document arrives, kept for the next one, and
 * ended when idle. A document that breaks its process breaks no other.
 */
@ApplicationScoped
class WorkerPool {
  private static final Logger LOG = Logger.getLogger(WorkerPool.class);

  private final ExtractionConfig config;
  private final FairExecutor turns;
  private final ArrayDeque<Idle> idle = new ArrayDeque<>();
  private final Supplier<ProgramCage.Found> findCage;
  private Optional<ProgramCage> cage;
  private boolean closed;

  private record Idle(WorkerProcess worker) {}

  @Inject
  WorkerPool(ExtractionConfig config, SandboxConfig sandbox, HomeConfig home) {
    this(config, () -> ProgramCage.find(sandbox, home.home()));
  }

  /**
   * @param findCage looks for a cage when the first process is started, unless the settings want
   *     none
   */
  WorkerPool(ExtractionConfig config, Supplier<ProgramCage.Found> findCage) {
    this.config = config;
    this.findCage = findCage;
    this.turns =
        new FairExecutor(
            Executors.newFixedThreadPool(
                Math.max(1, config.processes()),
                Thread.ofVirtual().name("extraction-", 0).factory()));
  }

  /**
   * Reads a document in one of the processes. Waits for one to be free; projects take turns.
   *
   * @param timeout from the moment on at which the process begins
   */
  WorkerProcess.Result read(ProjectId project, Frames.Request request, Duration timeout)
      throws ExtractionException, InterruptedException {
    var task = new FutureTask<>(() -> read(request, timeout));
    try {
      turns.of(project.value()).execute(task);
      return task.get();
    } catch (RejectedExecutionException | CancellationException e) {
      throw ExtractionException.server("The server is stopping.", e);
    } catch (InterruptedException e) {
      task.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case ExtractionException known -> throw known;
        case InterruptedException _ ->
            throw ExtractionException.server("The server is stopping.", e);
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private WorkerProcess.Result read(Frames.Request request, Duration timeout)
      throws ExtractionException, InterruptedException {
    try {
      var worker = take();
      try {
        return worker.read(request, timeout);
      } finally {
        giveBack(worker);
      }
    } catch (IOException e) {
      throw ExtractionException.server("No process to read the file could be started.", e);
    }
  }

  private WorkerProcess take() throws IOException, InterruptedException {
    synchronized (idle) {
      while (!idle.isEmpty()) {
        var worker = idle.pop().worker();
        if (worker.isUsable()) {
          return worker;
        }
        worker.close();
      }
    }
    return WorkerProcess.start(config, cage().orElse(null));
  }

  private synchronized Optional<ProgramCage> cage() {
    if (cage == null) {
      cage =
          switch (config.cage()
              ? findCage.get()
              : new ProgramCage.Found.Unusable("off by setting")) {
            case ProgramCage.Found.Usable(var usable) -> Optional.of(usable);
            case ProgramCage.Found.Unusable(var why) -> {
              LOG.warnf("documents are read without a cage: %s", why);
              yield Optional.empty();
            }
          };
    }
    return cage;
  }

  private void giveBack(WorkerProcess worker) {
    boolean keep = worker.isUsable();
    if (keep) {
      var entry = new Idle(worker);
      synchronized (idle) {
        keep = !closed;
        if (keep) {
          idle.push(entry);
        }
      }
      if (keep) {
        CompletableFuture.delayedExecutor(config.idle().toMillis(), TimeUnit.MILLISECONDS)
            .execute(() -> end(entry));
        return;
      }
    }
    worker.close();
  }

  /** Ends a process unless it was used again; an entry is in the queue only until its next use. */
  private void end(Idle entry) {
    boolean unused;
    synchronized (idle) {
      unused = idle.removeIf(each -> each == entry);
    }
    if (unused) {
      entry.worker().close();
    }
  }

  @PreDestroy
  void close() {
    for (var task : turns.close()) {
      // Those that wait for it would wait for ever.
      ((Future<?>) task).cancel(false);
    }
    synchronized (idle) {
      closed = true;
      idle.forEach(entry -> entry.worker().close());
      idle.clear();
    }
  }
}
