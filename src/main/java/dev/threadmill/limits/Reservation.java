package dev.threadmill.limits;

import dev.threadmill.api.ProjectId;
import dev.threadmill.models.ModelRequest;
import java.util.List;

/**
 * What was reserved for one model call, to be settled with its usage.
 *
 * @param scopes in which the usage counts; empty if it is not counted
 * @param id of its rows; null if usage is counted without a reservation
 * @param maxCompletionTokens the most tokens that the answer may have; null if no budget bounds it
 * @param tokens that were reserved
 */
public record Reservation(
    List<LimitScope> scopes, String id, Integer maxCompletionTokens, long tokens) {
  /** Nothing is limited and nothing counted. */
  public static final Reservation NONE = new Reservation(List.of(), null, null, 0);

  public Reservation {
    scopes = List.copyOf(scopes);
  }

  static Reservation countOnly(List<LimitScope> scopes) {
    return new Reservation(scopes, null, null, 0);
  }

  public boolean isNone() {
    return scopes.isEmpty();
  }

  ProjectId project() {
    return scopes.getFirst().project();
  }

  /** The request, with its answer bounded by what was reserved. */
  public ModelRequest applyTo(ModelRequest request) {
    var requested = request.maxCompletionTokens();
    return maxCompletionTokens == null || (requested != null && requested <= maxCompletionTokens)
        ? request
        : request.withMaxCompletionTokens(maxCompletionTokens);
  }
}
