package dev.threadmill.limits;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
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
    KEY("API key");

    private final String noun;

    Kind(String noun) {
      this.noun = noun;
    }
  }

  static LimitScope of(ProjectId project) {
    return new LimitScope(project, Kind.PROJECT, "");
  }

  static LimitScope of(ProjectId project, ApiKeyId key) {
    return new LimitScope(project, Kind.KEY, key.value());
  }

  /** What errors call it: {@code project} or {@code API key}. */
  String noun() {
    return kind.noun;
  }

  /** The kinds of scopes, as the database has them, in the same order. */
  static List<String> kinds(List<LimitScope> scopes) {
    return scopes.stream().map(scope -> scope.kind.name().toLowerCase(Locale.ROOT)).toList();
  }

  /** The ids of scopes, in the same order. */
  static List<String> ids(List<LimitScope> scopes) {
    return scopes.stream().map(LimitScope::id).toList();
  }
}
