package dev.threadmill.events;

import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.SseFormat;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * The events of a log as a stream to one client, from a position on. A virtual thread reads a page
 * whenever there are new events and the client has taken those before. The stream ends after {@link
 * #LIFETIME}, after which the client resumes.
 */
final class LogStream implements EventStream {
  private static final Logger LOG = Logger.getLogger(LogStream.class);
  private static final int PAGE = 100;

  /** How long a stream lasts at most. */
  static final Duration LIFETIME = Duration.ofMinutes(15);

  private static final long RETRY_SECONDS = 2;

  private final EventLogStore store;
  private final LogFollowers followers;
  private final ProjectId project;
  private final EventFilter.Condition condition;
  private final InstantSource clock;
  private final Instant end;
  private final Semaphore wakeups = new Semaphore(1);
  private long position;
  private volatile Runnable wakeConnection = () -> {};
  private volatile Buffer ready;

  /** The last position of the log, as far as it is known here. */
  private final AtomicLong known = new AtomicLong();

  /** Whether the log may have more than is known here. */
  private volatile boolean isBehind = true;

  private volatile boolean isEnded;
  private volatile boolean isClosed;

  /**
   * @param position the events behind it are streamed
   */
  LogStream(
      EventLogStore store,
      LogFollowers followers,
      ProjectId project,
      EventFilter.Condition condition,
      InstantSource clock,
      long position) {
    this.store = store;
    this.followers = followers;
    this.project = project;
    this.condition = condition;
    this.clock = clock;
    this.end = clock.instant().plus(LIFETIME);
    this.position = position;
  }

  ProjectId project() {
    return project;
  }

  /** There may be new events, or room for them. Never blocks. */
  void wakeUp() {
    if (wakeups.availablePermits() == 0) {
      wakeups.release();
    }
  }

  /**
   * The log has new events. Never blocks.
   *
   * @param head the last position of the log; null if it is not known
   */
  void logged(Long head) {
    if (head == null) {
      isBehind = true;
    } else {
      known.accumulateAndGet(head, Math::max);
    }
    wakeUp();
  }

  @Override
  public void open(Runnable wake) {
    wakeConnection = wake;
    followers.add(this);
    Thread.ofVirtual().name("log-stream").start(this::read);
  }

  @Override
  public Chunk next(int maxBytes) {
    var frames = ready;
    if (frames == null) {
      return isEnded ? new Chunk(null, true) : NOTHING_YET;
    }
    ready = null;
    wakeUp();
    return new Chunk(frames, false);
  }

  @Override
  public void close() {
    isClosed = true;
    followers.remove(this);
    wakeUp();
  }

  private void read() {
    try {
      while (!isClosed) {
        wakeups.tryAcquire(
            Math.max(1, Duration.between(clock.instant(), end).toMillis()), TimeUnit.MILLISECONDS);
        if (isClosed) {
          return;
        }
        try {
          if (!clock.instant().isBefore(end)) {
            end();
            return;
          }
          if (ready == null) {
            readPage();
          }
        } catch (RuntimeException e) {
          LOG.warnf("log not read project_id=%s cause=%s", project, e);
          isBehind = true;
          wakeups.tryAcquire(RETRY_SECONDS, TimeUnit.SECONDS);
          wakeUp();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    isEnded = true;
    wakeConnection.run();
  }

  /** Without a signal since, what is known of the head is enough. */
  private void readPage() {
    if (isBehind) {
      isBehind = false;
      known.accumulateAndGet(store.head(), Math::max);
    }
    long head = known.get();
    if (head <= position) {
      return;
    }
    var events = store.behind(project, condition, position, head, PAGE);
    position = events.size() < PAGE ? head : events.getLast().position();
    if (events.isEmpty()) {
      return;
    }
    var frames = Buffer.buffer();
    for (var event : events) {
      frames.appendBytes(SseFormat.event(event.id(), event.type(), Json.write(event.shown())));
    }
    ready = frames;
    wakeConnection.run();
  }
}
