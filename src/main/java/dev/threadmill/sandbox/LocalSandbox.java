package dev.threadmill.sandbox;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.HomeConfig;
import dev.threadmill.sandbox.CageRuntime.Cage;
import dev.threadmill.sandbox.SandboxException.Kind;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/** The sessions of this node. */
@ApplicationScoped
public class LocalSandbox implements Sandbox {
  private static final Logger LOG = Logger.getLogger(LocalSandbox.class);
  private static final Duration RETEST = Duration.ofMinutes(1);
  private static final int SWEEP_SECONDS = 30;
  private static final int AT_SHUTDOWN = 1;

  private final CageFactory factory;
  private final SandboxConfig config;
  private final Path home;
  private final InstantSource clock;
  private final CallQueue queue;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final ReentrantLock testing = new ReentrantLock();
  private volatile Availability availability;
  private long tested;
  private volatile CageRuntime runtime;
  private NodeFolder folder;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, LocalSession> sessions = new HashMap<>();
  private final boolean[] places;

  /** Makes the runtime that the settings name. */
  @FunctionalInterface
  interface CageFactory {
    Cages create(SandboxConfig config, Path home) throws IOException;
  }

  @Inject
  LocalSandbox(SandboxConfig config, HomeConfig home, InstantSource clock) {
    this(config, home.home(), clock);
  }

  LocalSandbox(SandboxConfig config, Path home, InstantSource clock) {
    this(config, home, clock, Cages::of);
  }

  LocalSandbox(SandboxConfig config, Path home, InstantSource clock, CageFactory factory) {
    this.factory = factory;
    this.config = config;
    this.home = home;
    this.clock = clock;
    this.queue = new CallQueue(config.calls(), config.waiting());
    this.places = new boolean[config.sessions()];
  }

  void onStart(@Observes StartupEvent event) {
    Thread.ofVirtual()
        .name("sandbox-sweeper")
        .start(
            () -> {
              var state = availability();
              LOG.infof(
                  "code interpreter %s: %s", state.isAvailable() ? "on" : "off", state.line());
              sweep();
            });
  }

  void onStop(@Observes @Priority(AT_SHUTDOWN) ShutdownEvent event) {
    close();
  }

  /** Ends all sessions. */
  void close() {
    stopped.countDown();
    List<LocalSession> all;
    lock.lock();
    try {
      all = List.copyOf(sessions.values());
    } finally {
      lock.unlock();
    }
    all.forEach(this::end);
    testing.lock();
    try {
      if (folder != null) {
        folder.close();
        folder = null;
      }
    } finally {
      testing.unlock();
    }
  }

  private void sweep() {
    try {
      while (!stopped.await(SWEEP_SECONDS, TimeUnit.SECONDS)) {
        closeIdle();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the sessions that were idle for too long. */
  void closeIdle() {
    var latest = clock.instant().minus(config.idle());
    List<LocalSession> idle;
    lock.lock();
    try {
      idle =
          sessions.values().stream()
              .filter(each -> !each.isBusy() && each.used().isBefore(latest))
              .toList();
    } finally {
      lock.unlock();
    }
    idle.forEach(this::end);
  }

  @Override
  public Availability availability() {
    var known = availability;
    if (known != null && known.isAvailable()) {
      return known;
    }
    testing.lock();
    try {
      boolean isRecent = System.nanoTime() - tested < RETEST.toNanos();
      if (availability == null || !availability.isAvailable() && !isRecent) {
        availability = test();
        tested = System.nanoTime();
      }
      return availability;
    } finally {
      testing.unlock();
    }
  }

  private Availability test() {
    try {
      var cages = factory.create(config, home);
      if (cages.runtime() == null) {
        return Availability.off(cages.why());
      }
      var missing = cages.runtime().missing();
      if (missing != null) {
        return Availability.off("Code cannot be run on this server: " + missing + ".");
      }
      if (folder == null) {
        folder = NodeFolder.create(home.resolve("sandbox/sessions"));
      }
      runtime = cages.runtime();
      var failure = SelfTest.run(runtime, folder.path(), config, home);
      return failure == null
          ? Availability.on(runtime.name() + ", Python " + cages.python())
          : Availability.off("Code cannot be run on this server: " + failure + ".");
    } catch (IOException e) {
      return Availability.off(
          "Code cannot be run on this server: the folder of sessions cannot be written (%s)."
              .formatted(Programs.oneLine(e.toString())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Availability.off("Code cannot be run on this server: it is being stopped.");
    }
  }

  @Override
  public Optional<SandboxSession> find(String key) {
    lock.lock();
    try {
      return Optional.ofNullable(sessions.get(key)).filter(LocalSession::isAlive).map(s -> s);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public SandboxSession open(ProjectId project, String key)
      throws SandboxException, InterruptedException {
    var state = availability();
    if (!state.isAvailable()) {
      throw new SandboxException(Kind.UNAVAILABLE, state.line());
    }
    find(key).ifPresent(old -> end((LocalSession) old));
    int place = takePlace(project);
    LocalSession session = null;
    try {
      session = create(project, key, place);
      session.start();
      lock.lock();
      try {
        if (stopped.getCount() == 0) {
          throw new SandboxException(Kind.FAILED, "The server is being stopped.");
        }
        sessions.put(key, session);
      } finally {
        lock.unlock();
      }
      return session;
    } catch (SandboxException | InterruptedException | RuntimeException e) {
      if (session != null) {
        session.close();
      }
      freePlace(place);
      throw e;
    }
  }

  private LocalSession create(ProjectId project, String key, int place) throws SandboxException {
    var name = "threadmill-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    try {
      var files = SessionFolder.create(folder.path().resolve(name), runtime.owner(place));
      var cage = new Cage(name, files);
      return new LocalSession(project, key, place, cage, runtime, config, queue, clock);
    } catch (IOException e) {
      LOG.warnf("sandbox folder not created cause=%s", e);
      throw new SandboxException(Kind.FAILED, "The folder of the session cannot be created.");
    }
  }

  /** Takes a free slot, or the slot of an idle session, which ends. */
  private int takePlace(ProjectId project) throws SandboxException {
    while (true) {
      LocalSession replaced;
      lock.lock();
      try {
        for (int i = 0; i < places.length; i++) {
          if (!places[i]) {
            places[i] = true;
            return i;
          }
        }
        replaced = replaceable();
      } finally {
        lock.unlock();
      }
      if (replaced == null) {
        throw new SandboxException(
            Kind.BUSY, "All %d sessions of this node run code.".formatted(places.length));
      }
      end(replaced);
    }
  }

  /** The idle session that was used least recently, of the project that has the most sessions. */
  private LocalSession replaceable() {
    var counts = new HashMap<ProjectId, Integer>();
    sessions.values().forEach(each -> counts.merge(each.project(), 1, Integer::sum));
    return sessions.values().stream()
        .filter(each -> !each.isBusy())
        .max(
            Comparator.<LocalSession>comparingInt(each -> counts.get(each.project()))
                .thenComparing(LocalSession::used, Comparator.reverseOrder()))
        .orElse(null);
  }

  private void freePlace(int place) {
    lock.lock();
    try {
      places[place] = false;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a session once. */
  private void end(LocalSession session) {
    lock.lock();
    try {
      if (!sessions.remove(session.key(), session)) {
        return;
      }
    } finally {
      lock.unlock();
    }
    session.close();
    freePlace(session.place());
  }

  /** The keys of the sessions. */
  List<String> keys() {
    lock.lock();
    try {
      return new ArrayList<>(sessions.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** Ends the session of this key, if this node has one. */
  @Override
  public void close(String key) {
    find(key).ifPresent(session -> end((LocalSession) session));
  }
}
