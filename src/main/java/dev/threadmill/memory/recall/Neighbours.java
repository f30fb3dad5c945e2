package dev.threadmill.memory.recall;

import dev.threadmill.search.Hit;
import java.util.List;

/**
 * The neighbourhood of hits. Hits are chunks; one or several make up a source, usually a message;
 * sources stand next to each other in a thread.
 */
final class Neighbours {
  private final int[] sourceOf;
  private final int[] starts;
  private final int count;
  private final List<Hit> hits;

  /**
   * @param hits in chronological order, the chunks of a source together
   */
  Neighbours(List<Hit> hits) {
    this.hits = hits;
    this.sourceOf = new int[hits.size()];
    this.starts = new int[hits.size() + 1];
    int sources = 0;
    for (int i = 0; i < hits.size(); i++) {
      if (i == 0 || !isSameSource(hits.get(i - 1), hits.get(i))) {
        starts[sources++] = i;
      }
      sourceOf[i] = sources - 1;
    }
    starts[sources] = hits.size();
    count = sources;
  }

  private static boolean isSameSource(Hit one, Hit other) {
    return one.sourceId().equals(other.sourceId()) && one.group().equals(other.group());
  }

  /** The index of the source that a hit is a chunk of. */
  int source(int hit) {
    return sourceOf[hit];
  }

  /** The highest value of any chunk, for each source. */
  double[] maxPerSource(double[] valuesOfHits) {
    var max = new double[count];
    for (int source = 0; source < count; source++) {
      max[source] = Double.NEGATIVE_INFINITY;
      for (int i = starts[source]; i < starts[source + 1]; i++) {
        max[source] = Math.max(max[source], valuesOfHits[i]);
      }
    }
    return max;
  }

  /** The query's terms that any chunk of a source has, a bit each. */
  int matchedTerms(int source) {
    int matches = 0;
    for (int i = starts[source]; i < starts[source + 1]; i++) {
      matches |= hits.get(i).matchedTerms();
    }
    return matches;
  }

  /** The source at a distance before or after another in the same thread; -1 if there is none. */
  private int neighbour(int source, int distance) {
    int other = source + distance;
    if (other < 0 || other >= count) {
      return -1;
    }
    var one = hits.get(starts[source]);
    var neighbour = hits.get(starts[other]);
    return SourceType.of(one) == SourceType.of(neighbour) && one.group().equals(neighbour.group())
        ? other
        : -1;
  }

  /** The value of a neighbour; 0 if there is none. */
  double valueOfNeighbour(double[] valuesOfSources, int source, int distance) {
    int other = neighbour(source, distance);
    return other < 0 ? 0 : valuesOfSources[other];
  }

  /** For each source the highest value of the sources around it; 0 if there are none. */
  double[] maxAround(double[] valuesOfSources, int distance) {
    var around = new double[count];
    for (int source = 0; source < count; source++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int direction = -1; direction <= 1; direction += 2) {
        for (int step = 1; step <= distance; step++) {
          int other = neighbour(source, step * direction);
          if (other < 0) {
            break;
          }
          max = Math.max(max, valuesOfSources[other]);
        }
      }
      around[source] = max == Double.NEGATIVE_INFINITY ? 0 : max;
    }
    return around;
  }
}
