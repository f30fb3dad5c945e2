package dev.threadmill.memory.recall;

import dev.threadmill.api.ThreadId;
import dev.threadmill.search.Hit;

/**
 * Where a passage stands: a range of a message, or a fact.
 *
 * @param sourceId id of the message or the fact
 * @param startOffset in code points
 * @param endOffset in code points
 */
public record PassageReference(
    ThreadId thread, SourceType type, String sourceId, int startOffset, int endOffset) {
  static PassageReference of(Hit hit) {
    return new PassageReference(
        new ThreadId(hit.group()),
        SourceType.of(hit),
        hit.sourceId(),
        hit.startOffset(),
        hit.endOffset());
  }
}
