package dev.threadmill.memory.recall;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How much of a message is told where one of its pieces was found: all of it if it is not too long,
 * else the piece with what stands right before and after it.
 */
final class Snippets {
  private final Map<String, TreeMap<Integer, Candidate>> pieces = new HashMap<>();
  private final int longest;

  /**
   * @param all the pieces that are known
   * @param found those that will be asked for, some few
   * @param longest the most characters of a passage; a piece by itself may be as long as it is
   */
  Snippets(List<Candidate> all, List<Candidate> found, int longest) {
    this.longest = longest;
    var sources = found.stream().map(Candidate::sourceId).collect(Collectors.toSet());
    for (var candidate : all) {
      if (sources.contains(candidate.sourceId())) {
        pieces
            .computeIfAbsent(source(candidate), key -> new TreeMap<>())
            .put(candidate.chunk(), candidate);
      }
    }
  }

  /** The passage around a piece, as a candidate that begins and ends where the passage does. */
  Candidate expand(Candidate piece) {
    var ofSource = pieces.get(source(piece));
    int first = piece.chunk();
    int last = piece.chunk();
    int begins = piece.startOffset();
    int ends = piece.endOffset();
    while (true) {
      var before = ofSource.get(first - 1);
      var after = ofSource.get(last + 1);
      boolean mayGoOn = after != null && after.endOffset() - begins <= longest;
      boolean mayGoBack = before != null && ends - before.startOffset() <= longest;
      if (!mayGoOn && !mayGoBack) {
        return first == last ? piece : piece.withOffsets(begins, ends);
      }
      boolean even = last - piece.chunk() <= piece.chunk() - first;
      if (mayGoOn && (even || !mayGoBack)) {
        ends = after.endOffset();
        last++;
      } else {
        begins = before.startOffset();
        first--;
      }
    }
  }

  private static String source(Candidate candidate) {
    return candidate.thread().value() + candidate.sourceId();
  }
}
