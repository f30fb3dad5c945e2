package dev.threadmill.events;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The streams of this node that follow logs. */
@ApplicationScoped
class LogFollowers {
  /** The most projects that a signal names. */
  private static final int MAX_NAMED = 50;

  private static final int MAX_PER_PROJECT = 50;

  private final Signals signals;
  private final Set<LogStream> streams = ConcurrentHashMap.newKeySet();

  LogFollowers(Signals signals) {
    this.signals = signals;
  }

  /**
   * Answers 429 if the project has too many streams on this node. The bound is not exact: requests
   * at the same moment may each find the last place.
   */
  void requireCapacity(ProjectId project) {
    if (streams.stream().filter(stream -> stream.project().equals(project)).count()
        >= MAX_PER_PROJECT) {
      throw ApiException.tooMany(
          "rate_limit_exceeded",
          "Too many streams of this log are open: limit %d.".formatted(MAX_PER_PROJECT),
          null);
    }
  }

  void add(LogStream stream) {
    streams.add(stream);
  }

  void remove(LogStream stream) {
    streams.remove(stream);
  }

  /**
   * These projects have new events, on all nodes.
   *
   * @param head the last position of the log
   */
  void logged(List<ProjectId> projects, long head) {
    var signal = new EventsLogged(projects.size() > MAX_NAMED ? List.of() : projects, head);
    wake(signal);
    signals.send(signal);
  }

  void wake(@Observes EventsLogged logged) {
    streams.stream()
        .filter(stream -> logged.concerns(stream.project()))
        .forEach(stream -> stream.logged(logged.head()));
  }

  void wake(@Observes Signal.ResyncRequested requested) {
    streams.forEach(stream -> stream.logged(null));
  }
}
