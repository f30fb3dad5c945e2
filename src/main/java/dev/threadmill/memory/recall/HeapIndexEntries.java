package dev.threadmill.memory.recall;

import dev.threadmill.memory.recall.Candidate.SourceType;
import dev.threadmill.memory.text.MemoryQuery;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * All entries of a scope, in the heap. An entry has a place, by when it came, and a position among
 * those that are there, by when it was said. Who puts entries must be alone with it.
 */
final class HeapIndexEntries {
  private static final int FIRST_ROOM = 256;

  private final QuantizedVectors vectors;
  private final HeapPostings terms = new HeapPostings();

  /** By their places; null where a newer form of the entry has a place of its own. */
  private Candidate[] entries = new Candidate[FIRST_ROOM];

  private int count;

  /** Places by their positions. */
  private int[] order = new int[0];

  HeapIndexEntries(int dimensions) {
    this.vectors = new QuantizedVectors(dimensions);
  }

  /**
   * An entry that was read.
   *
   * @param candidate without what depends on a question
   * @param vector null if there is none
   */
  record Entry(Candidate candidate, float[] vector, List<String> terms) {}

  /** How many there are. */
  int size() {
    return order.length;
  }

  /** How many places they take: more than there are, once some were written anew. */
  int slots() {
    return count;
  }

  /** Takes entries of which none is there yet; {@link #sort} has to follow. */
  void appendAll(List<Entry> some) {
    some.forEach(this::append);
  }

  /** Puts the first entries into their order. */
  void sort() {
    order =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparing(place -> entries[place], Candidate.CHRONOLOGICAL))
            .mapToInt(place -> place)
            .toArray();
  }

  /** Takes an entry, in place of the one that was it before. */
  void put(Entry entry) {
    int place = append(entry);
    int position = position(entry.candidate());
    if (position >= 0) {
      entries[order[position]] = null;
      order[position] = place;
      return;
    }
    int before = -position - 1;
    var longer = new int[order.length + 1];
    System.arraycopy(order, 0, longer, 0, before);
    longer[before] = place;
    System.arraycopy(order, before, longer, before + 1, order.length - before);
    order = longer;
  }

  private int append(Entry entry) {
    if (count == entries.length) {
      entries = Arrays.copyOf(entries, count + (count >> 1));
    }
    entries[count] = entry.candidate();
    vectors.put(count, entry.vector());
    terms.put(count, entry.terms());
    return count++;
  }

  /** An entry's position; if it has none, the one that it would have, as a binary search tells. */
  private int position(Candidate candidate) {
    int low = 0;
    int high = order.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int compared = Candidate.CHRONOLOGICAL.compare(at(middle), candidate);
      if (compared == 0) {
        return middle;
      }
      if (compared < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -low - 1;
  }

  private Candidate at(int position) {
    return entries[order[position]];
  }

  /** What a question's words find, which takes part of the time in which it is embedded. */
  QueryView viewFor(MemoryQuery question) {
    return new QueryView(question);
  }

  private void chooseWithNeighbours(int place, BitSet chosen) {
    int position = position(entries[place]);
    chosen.set(position);
    if (entries[place].type() == SourceType.MESSAGE) {
      chooseNeighbour(position, -1, chosen);
      chooseNeighbour(position, 1, chosen);
    }
  }

  /** All pieces of the message before or after one. */
  private void chooseNeighbour(int position, int step, BitSet chosen) {
    var hit = at(position);
    String neighbour = null;
    for (int other = position + step; other >= 0 && other < order.length; other += step) {
      var candidate = at(other);
      if (!candidate.thread().equals(hit.thread())) {
        return;
      }
      if (candidate.type() == SourceType.MESSAGE && !candidate.sourceId().equals(hit.sourceId())) {
        if (neighbour == null) {
          neighbour = candidate.sourceId();
        } else if (!neighbour.equals(candidate.sourceId())) {
          return;
        }
        chosen.set(other);
      }
    }
  }

  /** The entries as one question sees them, for as long as none are put. */
  final class QueryView {
    private final int asOf = count;
    private final int terms;
    private final int[] matches;
    private int[] byWords;
    private float[] similarities;

    private QueryView(MemoryQuery question) {
      this.terms = question.terms().size();
      this.matches = HeapIndexEntries.this.terms.matches(question.terms(), count);
    }

    /** Whether no entries were put since. */
    boolean isCurrent() {
      return asOf == count;
    }

    /** Looks for the best by words now, so that it need not be done later. */
    QueryView withBestWords(int most) {
      byWords = byWords(most);
      return this;
    }

    /**
     * All entries, as they were said.
     *
     * @param vector null if it is not known
     */
    List<Candidate> all(float[] vector) {
      compare(vector);
      var all = new ArrayList<Candidate>(order.length);
      for (int place : order) {
        all.add(candidate(place));
      }
      return all;
    }

    /**
     * The best entries by meaning and by words, each with what was said right before and after it,
     * as they were said.
     *
     * @param vector null if it is not known
     * @param most how many by meaning, and how many by words
     */
    List<Candidate> best(float[] vector, int most) {
      compare(vector);
      var chosen = new BitSet(order.length);
      for (int place : nearest(most)) {
        chooseWithNeighbours(place, chosen);
      }
      for (int place : byWords == null ? byWords(most) : byWords) {
        chooseWithNeighbours(place, chosen);
      }
      return chosen.stream().mapToObj(position -> candidate(order[position])).toList();
    }

    private void compare(float[] vector) {
      similarities = vector == null ? null : vectors.dotProducts(vector);
    }

    private Candidate candidate(int place) {
      boolean known = similarities != null && !Float.isNaN(similarities[place]);
      return entries[place].forQuery(known ? (double) similarities[place] : null, matches[place]);
    }

    private int[] nearest(int most) {
      var best = new TopK(most);
      for (int place = 0; similarities != null && place < count; place++) {
        if (best.isCompetitive(similarities[place]) && entries[place] != null) {
          best.offer(place, similarities[place], 0);
        }
      }
      return best.ordinals();
    }

    /** Those whose terms are the rarest within the scope. */
    private int[] byWords(int most) {
      var found = new int[terms];
      for (int place = 0; place < count; place++) {
        if (matches[place] != 0 && entries[place] != null) {
          for (int term = 0; term < terms; term++) {
            found[term] += matches[place] >>> term & 1;
          }
        }
      }
      var rarity = new double[terms];
      for (int term = 0; term < terms; term++) {
        rarity[term] = Bm25.idf(order.length, found[term]);
      }
      var best = new TopK(most);
      for (int place = 0; place < count; place++) {
        if (matches[place] != 0 && entries[place] != null) {
          double weight = 0;
          for (int term = 0; term < terms; term++) {
            weight += (matches[place] >>> term & 1) * rarity[term];
          }
          if (best.isCompetitive(weight)) {
            best.offer(place, weight, entries[place].createdAt().toEpochMilli());
          }
        }
      }
      return best.ordinals();
    }
  }
}
