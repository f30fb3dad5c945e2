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
  private static final int TICKS_A_ROUND = 15;

  private static final Duration TICK = Duration.ofSeconds(1);

  private final Duration tick;
  private final Map<Executor, Round> rounds = new ConcurrentHashMap<>();

  KeepAlive() {
    this(TICK);
  }

  KeepAlive(Duration tick) {
    this.tick = tick;
  }

  /** A connection. */
  interface Line {
    /** A round has passed. Called on the connection's event loop. */
    void sign();
  }

  /** From here on the line is asked for signs. To be called on its event loop. */
  void add(Line line) {
    var context = (ContextInternal) Vertx.currentContext();
    rounds
        .computeIfAbsent(context.nettyEventLoop(), _ -> new Round(context.unwrap(), tick))
        .add(line);
  }

  /** From any thread. */
  void remove(Line line) {
    rounds.values().forEach(round -> round.remove(line));
  }

  /** The lines of one event loop, by when they are due. */
  private static final class Round {
    private final ContextInternal loop;
    private final Duration tick;
    private final List<Set<Line>> due = new ArrayList<>();
    private int now;
    private int size;
    private long timer;

    /**
     * @param loop no request's, which the timer would keep
     */
    Round(ContextInternal loop, Duration tick) {
      this.loop = loop;
      this.tick = tick;
      for (int i = 0; i < TICKS_A_ROUND; i++) {
        due.add(new LinkedHashSet<>());
      }
    }

    synchronized void add(Line line) {
      if (due.get(now).add(line) && size++ == 0) {
        timer = loop.setPeriodic(tick.toMillis(), _ -> tick());
      }
    }

    synchronized void remove(Line line) {
      for (var lines : due) {
        if (lines.remove(line) && --size == 0) {
          loop.owner().cancelTimer(timer);
        }
      }
    }

    private void tick() {
      List<Line> lines;
      synchronized (this) {
        now = (now + 1) % TICKS_A_ROUND;
        lines = List.copyOf(due.get(now));
      }
      lines.forEach(Line::sign);
    }
  }
}
