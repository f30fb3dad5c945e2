package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;

/**
 * What was set aside for one call of a model. It has to be settled with what the call has used.
 *
 * @param project null if nothing was set aside and nothing is to be counted
 * @param id of its row; null if only to be counted
 * @param completion the most tokens that the answer may have; null if it is not bounded by it
 * @param tokens that were set aside
 */
public record Reservation(
    ProjectId project, String id, ModelInfo.Price price, Integer maxCompletionTokens, long tokens) {
  /** Nothing is limited and nothing counted. */
  public static final Reservation NONE = new Reservation(null, null, null, null, 0);

  static Reservation countOnly(ProjectId project, ModelInfo.Price price) {
    return new Reservation(project, null, price, null, 0);
  }

  public boolean isNone() {
    return project == null;
  }

  /** The call, with its answer no longer than what was set aside for it. */
  public ModelRequest applyTo(ModelRequest request) {
    var asked = request.maxCompletionTokens();
    return maxCompletionTokens == null || (asked != null && asked <= maxCompletionTokens)
        ? request
        : request.withMaxCompletionTokens(maxCompletionTokens);
  }
}
