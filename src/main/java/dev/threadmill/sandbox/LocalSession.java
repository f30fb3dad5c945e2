package dev.threadmill.sandbox;

import dev.threadmill.api.ProjectId;
import dev.threadmill.sandbox.CageRuntime.Cage;
import dev.threadmill.sandbox.CodeResult.Status;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** A session of this node. */
final class LocalSession implements SandboxSession {
  private static final Logger LOG = Logger.getLogger(LocalSession.class);
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String KEPT = " Variables are lost; the files in /mnt/data are kept.";

  private final ProjectId project;
  private final String key;
  private final int place;
  private final Cage cage;
  private final CageRuntime runtime;
  private final SandboxConfig config;
  private final CallQueue queue;
  private final InstantSource clock;
  private final ReentrantLock lock = new ReentrantLock(true);
  private volatile DriverProcess driver;
  private boolean wasStarted;
  private volatile boolean isClosed;
  private volatile Instant used;

  LocalSession(
      ProjectId project,
      String key,
      int place,
      Cage cage,
      CageRuntime runtime,
      SandboxConfig config,
      CallQueue queue,
      InstantSource clock) {
    this.project = project;
    this.key = key;
    this.place = place;
    this.cage = cage;
    this.runtime = runtime;
    this.config = config;
    this.queue = queue;
    this.clock = clock;
    this.used = clock.instant();
  }

  @Override
  public String id() {
    return cage.name();
  }

  ProjectId project() {
    return project;
  }

  String key() {
    return key;
  }

  int place() {
    return place;
  }

  Instant used() {
    return used;
  }

  /** Whether a call is executed or waits. */
  boolean isBusy() {
    return lock.isLocked();
  }

  @Override
  public boolean isAlive() {
    return !isClosed;
  }

  @Override
  public CodeResult run(String code, OutputListener output)
      throws SandboxException, InterruptedException {
    lock.lockInterruptibly();
    try {
      queue.acquire(project);
      try {
        requireOpen();
        start();
        return new CodeCall(driver, cage.folder(), config).run(code, marker(), output);
      } finally {
        queue.release(project);
        pause();
        used = clock.instant();
      }
    } finally {
      lock.unlock();
    }
  }

  private static String marker() {
    var bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return "\0" + HexFormat.of().formatHex(bytes) + "\0";
  }

  private void requireOpen() throws SandboxException {
    if (isClosed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "The session has ended." + KEPT);
    }
  }

  /** Starts the process if it has not been started yet or has ended. */
  void start() throws SandboxException, InterruptedException {
    if (driver != null && !driver.isAlive()) {
      endDriver();
    }
    if (driver == null) {
      if (wasStarted) {
        cage.folder().emptyScratch();
      }
      wasStarted = true;
      driver = DriverProcess.start(runtime, cage);
    } else {
      driver.thaw();
    }
  }

  /** Stops the processes until the next call, or ends them if that fails. */
  private void pause() {
    var current = driver;
    if (current != null && !current.isAlive()) {
      endDriver();
    } else if (current != null && !current.freeze()) {
      LOG.warnf("sandbox processes not stopped, ended session=%s", id());
      endDriver();
    }
  }

  private void endDriver() {
    var current = driver;
    driver = null;
    if (current != null) {
      current.kill();
    }
  }

  @Override
  public List<SandboxFile> files() throws SandboxException {
    lock.lock();
    try {
      requireOpen();
      return cage.folder().files(config.files());
    } catch (IOException e) {
      throw new SandboxException(SandboxException.Kind.FAILED, "The files cannot be listed.");
    } finally {
      lock.unlock();
    }
  }

  @Override
  public InputStream open(SandboxFile file) throws IOException {
    return cage.folder().open(file.path());
  }

  @Override
  public SandboxFile write(String path, InputStream content, long maxBytes)
      throws IOException, SandboxException {
    lock.lock();
    try {
      requireOpen();
      var use = cage.folder().use();
      long left = config.diskMb() * 1024L * 1024 - use.bytes();
      if (use.files() >= config.files()) {
        throw noSpace(path);
      }
      return cage.folder().write(path, content, Math.min(maxBytes, left));
    } catch (SessionFolder.NoSpaceException e) {
      throw noSpace(path);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void delete(String path) throws IOException {
    lock.lock();
    try {
      if (!isClosed) {
        cage.folder().remove(path);
      }
    } finally {
      lock.unlock();
    }
  }

  private SandboxException noSpace(String path) {
    return new SandboxException(
        SandboxException.Kind.NO_SPACE,
        "The file '%s' does not fit into the session, whose files may have %d MiB together."
            .formatted(path, config.diskMb()));
  }

  @Override
  public int takeFigures(Consumer<byte[]> receiver) {
    // Without the lock, as the receiver may take long; the processes are stopped between calls.
    try {
      return cage.folder().takeFigures(receiver);
    } catch (IOException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    // The process first: a call that runs ends with it.
    isClosed = true;
    var current = driver;
    if (current != null) {
      current.kill();
    }
    lock.lock();
    try {
      endDriver();
      cage.folder().delete();
    } finally {
      lock.unlock();
    }
  }

  /** The result of a call whose process was ended and is replaced by a new one. */
  static CodeResult restarted(String output, String why) {
    return new CodeResult(Status.RESTARTED, output, why + KEPT);
  }
}
