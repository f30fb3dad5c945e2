package dev.threadmill.memory.recall;

import dev.threadmill.search.Hit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Extends a hit to the range of its source that is returned: the whole source if it is short, else
 * the chunk with the chunks right before and after it.
 */
final class Snippets {
  private final Map<String, TreeMap<Integer, Hit>> chunks = new HashMap<>();
  private final int maxLength;

  /**
   * @param all the known chunks
   * @param found the hits that will be expanded
   * @param maxLength in characters; a single chunk may be longer
   */
  Snippets(List<Hit> all, List<Hit> found, int maxLength) {
    this.maxLength = maxLength;
    var sources = found.stream().map(Hit::sourceId).collect(Collectors.toSet());
    for (var hit : all) {
      if (sources.contains(hit.sourceId())) {
        chunks.computeIfAbsent(source(hit), key -> new TreeMap<>()).put(hit.chunk(), hit);
      }
    }
  }

  /** The hit with the offsets of its snippet. */
  Hit expand(Hit hit) {
    var ofSource = chunks.get(source(hit));
    int first = hit.chunk();
    int last = hit.chunk();
    int start = hit.startOffset();
    int end = hit.endOffset();
    while (true) {
      var before = ofSource.get(first - 1);
      var after = ofSource.get(last + 1);
      boolean canAppend = after != null && after.endOffset() - start <= maxLength;
      boolean canPrepend = before != null && end - before.startOffset() <= maxLength;
      if (!canAppend && !canPrepend) {
        return first == last ? hit : hit.withOffsets(start, end);
      }
      boolean isBalanced = last - hit.chunk() <= hit.chunk() - first;
      if (canAppend && (isBalanced || !canPrepend)) {
        end = after.endOffset();
        last++;
      } else {
        start = before.startOffset();
        first--;
      }
    }
  }

  private static String source(Hit hit) {
    return hit.group() + hit.sourceId();
  }
}
