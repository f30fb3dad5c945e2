package dev.threadmill.limits;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import java.util.List;
import java.util.Locale;

/**
 * What a limit applies to: a project, or something within it.
 *
 * @param id empty for the project itself
 */
record LimitScope(ProjectId project, Kind kind, String id) {
  /** The kinds of scopes. */
  enum Kind {
    PROJECT("project"),
    KEY("API key"),
    /** A user of the application, as the metadata of threads and requests name it. */
    USER("user"),
    ASSISTANT("assistant"),
    THREAD("thread"),
    /** A run and the runs that it routes to. */
    RUN("run");

    private final String noun;

    Kind(String noun) {
      this.noun = noun;
    }

    /** What errors call it: {@code project} or {@code API key}. */
    String noun() {
      return noun;
    }

    /** As the database and the wire have it. */
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static LimitScope of(ProjectId project) {
    return new LimitScope(project, Kind.PROJECT, "");
  }

  static LimitScope of(ProjectId project, ApiKeyId key) {
    return new LimitScope(project, Kind.KEY, key.value());
  }

  static LimitScope ofUser(ProjectId project, String user) {
    return new LimitScope(project, Kind.USER, user);
  }

  static LimitScope of(ProjectId project, AssistantId assistant) {
    return new LimitScope(project, Kind.ASSISTANT, assistant.value());
  }

  static LimitScope of(ProjectId project, ThreadId thread) {
    return new LimitScope(project, Kind.THREAD, thread.value());
  }

  static LimitScope of(ProjectId project, RunId run) {
    return new LimitScope(project, Kind.RUN, run.value());
  }

  /** What errors call it: {@code project} or {@code API key}. */
  String noun() {
    return kind.noun();
  }

  /** The kinds of scopes, as the database has them, in the same order. */
  static List<String> kinds(List<LimitScope> scopes) {
    return scopes.stream().map(scope -> scope.kind.wire()).toList();
  }

  /** The ids of scopes, in the same order. */
  static List<String> ids(List<LimitScope> scopes) {
    return scopes.stream().map(LimitScope::id).toList();
  }
}
