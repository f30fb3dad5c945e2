package dev.threadmill.limits;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.projects.Caller;
import java.util.List;

/**
 * Whose limits a request or a model call counts against.
 *
 * @param key null for work that no API key has asked for, such as summaries
 */
public record Payer(ProjectId project, ApiKeyId key) {
  /** The project alone. */
  public static Payer of(ProjectId project) {
    return new Payer(project, null);
  }

  /** The project and the API key of a request. */
  public static Payer of(Caller caller) {
    return new Payer(caller.project(), caller.key());
  }

  /** All scopes whose limits apply: a client token counts against the key that created it, too. */
  List<LimitScope> scopes() {
    var whole = LimitScope.of(project);
    if (key == null) {
      return List.of(whole);
    }
    var ofKey = LimitScope.of(project, key);
    return key.parent()
        .map(creator -> List.of(whole, LimitScope.of(project, creator), ofKey))
        .orElseGet(() -> List.of(whole, ofKey));
  }
}
