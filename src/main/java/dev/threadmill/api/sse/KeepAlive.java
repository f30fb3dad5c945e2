package dev.threadmill.api.sse;

import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * Sends keep-alives on idle connections, fifteen seconds after the last write. All connections of
 * an event loop share a timer wheel, so ten thousand idle readers cost one timer a loop.
 */
final class KeepAlive {
  /**
   * The idle time, in ticks: proxies close connections that are idle for thirty seconds or more.
   */
  private static final int SLOTS = 15;

  private static final Duration TICK = Duration.ofSeconds(1);

  private final Duration tick;
  private final Map<Executor, TimerWheel> wheels = new ConcurrentHashMap<>();

  KeepAlive() {
    this(TICK);
  }

  KeepAlive(Duration tick) {
    this.tick = tick;
  }

  /** A connection. Its methods are called on its event loop. */
  interface Connection {
    /** When something was last written, by {@link System#nanoTime}. */
    long lastWriteNanos();

    /** The connection is idle: writes a keep-alive, if that is possible. */
    void keepAlive();
  }

  /** Watches a connection from now on. To be called on its event loop. */
  void add(Connection connection) {
    var context = (ContextInternal) Vertx.currentContext();
    wheels
        .computeIfAbsent(context.nettyEventLoop(), _ -> new TimerWheel(context.unwrap(), tick))
        .add(connection);
  }

  /** Stops watching a connection. May be called on any thread. */
  void remove(Connection connection) {
    wheels.values().forEach(wheel -> wheel.remove(connection));
  }

  /** The connections of one event loop, by the tick at which they are checked next. */
  private static final class TimerWheel {
    private final ContextInternal loop;
    private final Duration tick;
    private final List<Set<Connection>> slots = new ArrayList<>();
    private int now;
    private int size;
    private long timer;

    /**
     * @param loop not the context of a request, which the timer would keep in memory
     */
    TimerWheel(ContextInternal loop, Duration tick) {
      this.loop = loop;
      this.tick = tick;
      for (int i = 0; i < SLOTS; i++) {
        slots.add(new LinkedHashSet<>());
      }
    }

    synchronized void add(Connection connection) {
      if (slots.get(now).add(connection) && size++ == 0) {
        timer = loop.setPeriodic(tick.toMillis(), _ -> tick());
      }
    }

    synchronized void remove(Connection connection) {
      for (var slot : slots) {
        if (slot.remove(connection) && --size == 0) {
          loop.owner().cancelTimer(timer);
        }
      }
    }

    private void tick() {
      List<Connection> due;
      synchronized (this) {
        now = (now + 1) % SLOTS;
        due = List.copyOf(slots.get(now));
      }
      for (var connection : due) {
        long idle = Math.max(0, System.nanoTime() - connection.lastWriteNanos());
        long idleTicks = Math.round((double) idle / tick.toNanos());
        if (idleTicks >= SLOTS) {
          connection.keepAlive();
        } else {
          checkAfter(connection, SLOTS - (int) idleTicks);
        }
      }
    }

    /** Has a connection of the current slot checked after so many ticks. */
    private synchronized void checkAfter(Connection connection, int ticks) {
      // It may have been removed meanwhile.
      if (slots.get(now).remove(connection)) {
        slots.get((now + ticks) % SLOTS).add(connection);
      }
    }
  }
}
