package dev.threadmill.debuglogs;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.SignalTypes;
import dev.threadmill.db.signals.Signals;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What projects keep in their debug logs. The projects that keep all their requests are known on
 * every node, so a request costs no query.
 */
@ApplicationScoped
class DebugLogSettings {
  private final Jdbc jdbc;
  private final Signals signals;
  private volatile Set<ProjectId> enabled = Set.of();

  DebugLogSettings(Jdbc jdbc, Signals signals) {
    this.jdbc = jdbc;
    this.signals = signals;
  }

  /** What becomes of entries after their retention. */
  public enum AfterRetention {
    @JsonProperty("delete")
    DELETE,
    @JsonProperty("archive")
    ARCHIVE
  }

  /**
   * The settings of a project.
   *
   * @param enabled whether all its requests are kept, also those that do not ask for it
   */
  @Schema(name = "DebugLogSettings")
  public record Settings(String object, boolean enabled, AfterRetention afterRetention) {
    static Settings of(boolean enabled, AfterRetention after) {
      return new Settings("project.debug_log_settings", enabled, after);
    }
  }

  /** The settings of a project have changed. */
  record Changed() implements Signal {
    /** Registers the signal. */
    @ApplicationScoped
    static class Types implements SignalTypes {
      @Override
      public Map<String, Class<? extends Signal>> byName() {
        return Map.of("debug_log_settings_changed", Changed.class);
      }
    }
  }

  void load(@Observes StartupEvent start) {
    load();
  }

  void load(@Observes Changed changed) {
    load();
  }

  void load(@Observes Signal.ResyncRequested requested) {
    load();
  }

  private void load() {
    enabled =
        jdbc
            .list(
                "SELECT project_id FROM debug_log_settings WHERE enabled",
                row -> row.text("project_id", ProjectId::new))
            .stream()
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether all requests of the project are kept. */
  boolean isEnabled(ProjectId project) {
    return enabled.contains(project);
  }

  Settings get(ProjectId project) {
    return jdbc.one(
            "SELECT enabled, after_retention FROM debug_log_settings WHERE project_id = ?",
            row ->
                Settings.of(
                    row.bool("enabled"),
                    AfterRetention.valueOf(row.text("after_retention").toUpperCase(Locale.ROOT))),
            project)
        .orElseGet(() -> Settings.of(false, AfterRetention.DELETE));
  }

  Settings set(ProjectId project, boolean isEnabled, AfterRetention after) {
    jdbc.update(
        """
        INSERT INTO debug_log_settings (project_id, enabled, after_retention) VALUES (?, ?, ?)
        ON CONFLICT (project_id) DO UPDATE
        SET enabled = excluded.enabled, after_retention = excluded.after_retention
        """,
        project,
        isEnabled,
        after.name().toLowerCase(Locale.ROOT));
    load();
    signals.send(new Changed());
    return get(project);
  }
}
