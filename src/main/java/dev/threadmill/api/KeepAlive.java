package dev.threadmill.api;

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
 * Has quiet connections give a sign of life. All connections of an event loop share one timer,
 * which goes round them once in a quarter of a minute, some at a time: ten thousand idle readers
 * cost one timer a loop.
 */
final class KeepAlive {
  /** How long a round takes: proxies give up on what is silent for half a minute and more. */
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

  /** A connection. */
  interface Connection {
    /** A round has passed. Called on the connection's event loop. */
    void onTimer();
  }

  /** From here on the line is asked for signs. To be called on its event loop. */
  void add(Connection line) {
    var context = (ContextInternal) Vertx.currentContext();
    wheels
        .computeIfAbsent(context.nettyEventLoop(), _ -> new TimerWheel(context.unwrap(), tick))
        .add(line);
  }

  /** From any thread. */
  void remove(Connection line) {
    wheels.values().forEach(round -> round.remove(line));
  }

  /** The lines of one event loop, by when they are due. */
  private static final class TimerWheel {
    private final ContextInternal loop;
    private final Duration tick;
    private final List<Set<Connection>> slots = new ArrayList<>();
    private int now;
    private int size;
    private long timer;

    /**
     * @param loop no request's, which the timer would keep
     */
    TimerWheel(ContextInternal loop, Duration tick) {
      this.loop = loop;
      this.tick = tick;
      for (int i = 0; i < SLOTS; i++) {
        slots.add(new LinkedHashSet<>());
      }
    }

    synchronized void add(Connection line) {
      if (slots.get(now).add(line) && size++ == 0) {
        timer = loop.setPeriodic(tick.toMillis(), _ -> tick());
      }
    }

    synchronized void remove(Connection line) {
      for (var lines : slots) {
        if (lines.remove(line) && --size == 0) {
          loop.owner().cancelTimer(timer);
        }
      }
    }

    private void tick() {
      List<Connection> lines;
      synchronized (this) {
        now = (now + 1) % SLOTS;
        lines = List.copyOf(slots.get(now));
      }
      lines.forEach(Connection::onTimer);
    }
  }
}
