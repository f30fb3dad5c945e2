package dev.threadmill.search;

import dev.threadmill.search.IndexTable.Adjacency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The entries of a scope in the heap. An entry has a slot, assigned in the order of arrival, and a
 * position among the present entries, in chronological order. Not thread-safe for writers.
 */
final class HeapIndexEntries {
  private static final int FIRST_CAPACITY = 256;
  private static final short SUPERSEDED = -1;

  /** Up to this many entries, all vectors are compared with the query's. */
  private static final int COMPARE_ALL = 8_000;

  /**
   * Of more entries, how many are compared for each that is wanted: those that are nearest by the
   * signs of their dimensions. Ten times as many as are wanted have 99.8 % of the nearest.
   */
  private static final int COMPARED_PER_HIT = 16;

  private final QuantizedVectors vectors;
  private final HeapPostings postings = new HeapPostings();
  private final Adjacency adjacency;
  private final boolean countsTerms;
  private long lengths;

  /** By slots; null where a newer version of the entry has a slot of its own. */
  private Hit[] entries = new Hit[FIRST_CAPACITY];

  /** By slots, {@link #SUPERSEDED} where the entry is null: a search reads all of them. */
  private short[] lengthOf = new short[FIRST_CAPACITY];

  private int count;

  /** Slots by positions. */
  private int[] order = new int[0];

  /** Positions by slots; undefined where the entry is null. */
  private int[] positions = new int[0];

  /**
   * @param table says whether entries have neighbours and counts of terms
   */
  HeapIndexEntries(int dimensions, IndexTable table) {
    this.vectors = new QuantizedVectors(dimensions);
    this.adjacency = table.adjacency();
    this.countsTerms = table.countsTerms();
  }

  /**
   * An entry of the database.
   *
   * @param hit without the parts that depend on a query
   * @param vector null if there is none
   */
  record Entry(Hit hit, float[] vector, List<String> terms) {}

  /** The number of entries. */
  int size() {
    return order.length;
  }

  /** The number of slots in use, which is larger once entries were rewritten. */
  int slots() {
    return count;
  }

  /** Adds the first entries, each once. {@link #sort} has to follow. */
  void appendAll(List<Entry> some) {
    some.forEach(this::append);
  }

  /** Sorts the first entries. */
  void sort() {
    order =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparing(slot -> entries[slot], Hit.CHRONOLOGICAL))
            .mapToInt(slot -> slot)
            .toArray();
    computePositions();
  }

  private void computePositions() {
    positions = new int[count];
    for (int position = 0; position < order.length; position++) {
      positions[order[position]] = position;
    }
  }

  /** Adds entries, in place of their earlier versions. */
  void putAll(List<Entry> some) {
    some.forEach(this::put);
    computePositions();
  }

  private void put(Entry entry) {
    int slot = append(entry);
    int position = position(entry.hit());
    if (position >= 0) {
      entries[order[position]] = null;
      lengthOf[order[position]] = SUPERSEDED;
      order[position] = slot;
      return;
    }
    int before = -position - 1;
    var longer = new int[order.length + 1];
    System.arraycopy(order, 0, longer, 0, before);
    longer[before] = slot;
    System.arraycopy(order, before, longer, before + 1, order.length - before);
    order = longer;
  }

  private int append(Entry entry) {
    if (count == entries.length) {
      entries = Arrays.copyOf(entries, count + (count >> 1));
      lengthOf = Arrays.copyOf(lengthOf, entries.length);
    }
    entries[count] = entry.hit();
    lengthOf[count] = (short) entry.hit().length();
    lengths += entry.hit().length();
    vectors.put(count, entry.vector());
    postings.put(count, entry.terms());
    return count++;
  }

  /** The position of an entry; if it has none, {@code -(insertion point) - 1}. */
  private int position(Hit hit) {
    int low = 0;
    int high = order.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int compared = Hit.CHRONOLOGICAL.compare(at(middle), hit);
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

  private Hit at(int position) {
    return entries[order[position]];
  }

  /**
   * Looks up the words of a query.
   *
   * @param sources the ids of the sources that are searched; null for all
   */
  QueryView viewFor(TextQuery query, Set<String> sources) {
    return new QueryView(query, sources);
  }

  /** The heap that the terms take, approximately. */
  long postingBytes() {
    return postings.bytes();
  }

  private void chooseWithNeighbours(int slot, BitSet chosen) {
    int position = positions[slot];
    chosen.set(position);
    if (adjacency != null && !adjacency.isIsolated(entries[slot])) {
      chooseNeighbour(position, -1, chosen);
      chooseNeighbour(position, 1, chosen);
    }
  }

  /** Chooses all chunks of the source before or after a hit. */
  private void chooseNeighbour(int position, int step, BitSet chosen) {
    var hit = at(position);
    String neighbour = null;
    for (int other = position + step; other >= 0 && other < order.length; other += step) {
      var entry = at(other);
      if (!entry.group().equals(hit.group())) {
        return;
      }
      if (!adjacency.isIsolated(entry) && !entry.sourceId().equals(hit.sourceId())) {
        if (neighbour == null) {
          neighbour = entry.sourceId();
        } else if (!neighbour.equals(entry.sourceId())) {
          return;
        }
        chosen.set(other);
      }
    }
  }

  /** The entries as hits of one query; valid until entries are put. */
  final class QueryView {
    private final int asOf = count;
    private final int terms;
    private final Set<String> sources;
    private final int[] matches;

    /** By slots, terms that the entry has twice and often; null if the index does not count. */
    private final int[] twice;

    private final int[] often;
    private int[] bestByWords;

    private final double[] documentFrequencies;

    private QuantizedVectors.Query vector;

    /** By slots; null if they are computed when they are needed. */
    private float[] similarities;

    private QueryView(TextQuery query, Set<String> sources) {
      this.terms = query.terms().size();
      this.sources = sources;
      this.documentFrequencies = new double[terms];
      this.matches = postings.matches(query.terms(), count, documentFrequencies);
      for (int term = 0; term < terms; term++) {
        // slots of entries that were rewritten count, too, until the scope is loaded again
        documentFrequencies[term] = Math.min(documentFrequencies[term], order.length);
      }
      this.twice = countsTerms ? frequent(query, TermFrequency.TWICE_PREFIX) : null;
      this.often = countsTerms ? frequent(query, TermFrequency.OFTEN_PREFIX) : null;
    }

    private int[] frequent(TextQuery query, String prefix) {
      return postings.matches(query.withPrefix(prefix).terms(), count);
    }

    private boolean isSearched(int slot) {
      return entries[slot] != null
          && (sources == null || sources.contains(entries[slot].sourceId()));
    }

    /** Whether no entries were put since the view was made. */
    boolean isCurrent() {
      return asOf == count;
    }

    /** Finds the best entries by words now, so that {@link #best} need not. */
    QueryView withBestByWords(int limit) {
      bestByWords = byWords(limit);
      return this;
    }

    /**
     * All entries in chronological order.
     *
     * @param vector null if it is unknown
     */
    List<Hit> all(float[] vector) {
      compare(vector, true);
      var all = new ArrayList<Hit>(order.length);
      for (int slot : order) {
        if (isSearched(slot)) {
          all.add(hit(slot));
        }
      }
      return all;
    }

    /**
     * The best entries by meaning and by words with their neighbours, in chronological order.
     *
     * @param vector null if it is unknown
     * @param limit the number of entries by meaning, and the number by words
     */
    List<Hit> best(float[] vector, int limit) {
      compare(vector, count <= COMPARE_ALL);
      var chosen = new BitSet(order.length);
      for (int slot : nearest(limit)) {
        chooseWithNeighbours(slot, chosen);
      }
      for (int slot : bestByWords == null ? byWords(limit) : bestByWords) {
        chooseWithNeighbours(slot, chosen);
      }
      return chosen.stream().mapToObj(position -> hit(order[position])).toList();
    }

    /** How many entries have each term of the query. */
    double[] documentFrequencies() {
      return documentFrequencies;
    }

    private void compare(float[] queryVector, boolean withAll) {
      vector = queryVector == null ? null : vectors.query(queryVector);
      similarities = vector != null && withAll ? vectors.products(vector, count) : null;
    }

    /** NaN if it is unknown. */
    private float similarity(int slot) {
      if (similarities != null) {
        return similarities[slot];
      }
      return vector == null ? Float.NaN : vectors.product(vector, slot);
    }

    private Hit hit(int slot) {
      float similarity = similarity(slot);
      return entries[slot].forQuery(
          Float.isNaN(similarity) ? null : (double) similarity,
          matches[slot],
          twice == null ? 0 : twice[slot],
          often == null ? 0 : often[slot]);
    }

    private int[] nearest(int limit) {
      var best = new TopK(limit);
      if (similarities != null) {
        for (int slot = 0; slot < count; slot++) {
          if (best.isCompetitive(similarities[slot]) && isSearched(slot)) {
            best.offer(slot, similarities[slot], 0);
          }
        }
      } else if (vector != null) {
        boolean isAll = sources == null && order.length == count;
        IntPredicate searched = isAll ? null : this::isSearched;
        for (int slot : vectors.nearestBySigns(vector, count, COMPARED_PER_HIT * limit, searched)) {
          float similarity = vectors.product(vector, slot);
          if (best.isCompetitive(similarity)) {
            best.offer(slot, similarity, 0);
          }
        }
      }
      return best.slots();
    }

    /** The entries with the terms that are rarest in the scope. */
    private int[] byWords(int limit) {
      var idf = new double[terms];
      for (int term = 0; term < terms; term++) {
        idf[term] = Bm25.idf(order.length, documentFrequencies[term]);
      }
      double averageLength = Math.max(1, (double) lengths / Math.max(1, count));
      var weights = new TermWeights(idf, twice != null, averageLength);
      var best = new TopK(limit);
      for (int slot = 0; slot < count; slot++) {
        int matched = matches[slot];
        // most entries have common terms only, and cannot be among the best
        if (matched == 0
            || lengthOf[slot] == SUPERSEDED
            || !best.isCompetitive(weights.bound(matched))) {
          continue;
        }
        double weight =
            weights.of(
                lengthOf[slot],
                matched,
                twice == null ? 0 : twice[slot],
                often == null ? 0 : often[slot]);
        if (best.isCompetitive(weight) && isSearched(slot)) {
          best.offer(slot, weight, entries[slot].createdAt().toEpochMilli());
        }
      }
      return best.slots();
    }
  }
}
