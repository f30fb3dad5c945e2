package dev.threadmill.events;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/**
 * The log has new events: clients that follow it are sent them at once.
 *
 * @param projects that have new events; empty for any
 * @param head the last position of the log by then; null from nodes of earlier versions
 */
record EventsLogged(List<ProjectId> projects, Long head) implements Signal {
  EventsLogged {
    projects = List.copyOf(projects);
  }

  boolean concerns(ProjectId project) {
    return projects.isEmpty() || projects.contains(project);
  }

  /** Registers the signal. */
  @ApplicationScoped
  static class Types implements SignalTypes {
    @Override
    public Map<String, Class<? extends Signal>> byName() {
      return Map.of("events_logged", EventsLogged.class);
    }
  }
}
