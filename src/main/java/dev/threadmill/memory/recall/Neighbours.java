package dev.threadmill.memory.recall;

import java.util.List;

/**
 * Where each candidate stands: candidates are pieces, of which one or several make up a source, a
 * message as a rule, and sources stand beside each other in a thread.
 */
final class Neighbours {
  private final int[] sourceOf;
  private final int[] begins;
  private final int count;
  private final List<Candidate> all;

  /**
   * @param all in the order in which they were said, thread by thread, the pieces of a source
   *     together
   */
  Neighbours(List<Candidate> all) {
    this.all = all;
    this.sourceOf = new int[all.size()];
    this.begins = new int[all.size() + 1];
    int sources = 0;
    for (int i = 0; i < all.size(); i++) {
      if (i == 0 || !isSameSource(all.get(i - 1), all.get(i))) {
        begins[sources++] = i;
      }
      sourceOf[i] = sources - 1;
    }
    begins[sources] = all.size();
    count = sources;
  }

  private static boolean isSameSource(Candidate one, Candidate other) {
    return one.sourceId().equals(other.sourceId()) && one.thread().equals(other.thread());
  }

  /** How many sources there are. */
  int sources() {
    return count;
  }

  /** The source that a candidate is of. */
  int source(int candidate) {
    return sourceOf[candidate];
  }

  /** The best value that any piece of each source has. */
  double[] maxPerSource(double[] ofCandidates) {
    var best = new double[count];
    for (int source = 0; source < count; source++) {
      best[source] = Double.NEGATIVE_INFINITY;
      for (int i = begins[source]; i < begins[source + 1]; i++) {
        best[source] = Math.max(best[source], ofCandidates[i]);
      }
    }
    return best;
  }

  /** The terms of the question that any piece of a source has, a bit each. */
  int matchedTerms(int source) {
    int matches = 0;
    for (int i = begins[source]; i < begins[source + 1]; i++) {
      matches |= all.get(i).matchedTerms();
    }
    return matches;
  }

  /** The source so many steps before or after another, if it is of the same thread; else -1. */
  int neighbour(int source, int step) {
    int other = source + step;
    if (other < 0 || other >= count) {
      return -1;
    }
    var own = all.get(begins[source]);
    var theirs = all.get(begins[other]);
    return own.type() == theirs.type() && own.thread().equals(theirs.thread()) ? other : -1;
  }

  /** A neighbour's value, 0 if there is none. */
  double valueOfNeighbour(double[] ofSources, int source, int step) {
    int other = neighbour(source, step);
    return other < 0 ? 0 : ofSources[other];
  }

  /** For each source the best value of those around it, itself left out; 0 if nothing is around. */
  double[] maxAround(double[] ofSources, int steps) {
    var around = new double[count];
    for (int source = 0; source < count; source++) {
      double best = Double.NEGATIVE_INFINITY;
      for (int direction = -1; direction <= 1; direction += 2) {
        for (int step = 1; step <= steps; step++) {
          int other = neighbour(source, step * direction);
          if (other < 0) {
            break;
          }
          best = Math.max(best, ofSources[other]);
        }
      }
      around[source] = best == Double.NEGATIVE_INFINITY ? 0 : best;
    }
    return around;
  }
}
