package dev.threadmill.search;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Postings: the slots of the entries that have a term. Terms are found by their hash, and by their
 * order where a query asks for those with a prefix: an entry has some hundred terms to be put.
 */
final class HeapPostings {
  private static final int MAX_DIFFERENCE_BYTES = 5;
  private static final int BYTES_PER_TERM = 200;

  private final Map<String, Slots> terms = new HashMap<>();
  private final TreeMap<String, Slots> inOrder = new TreeMap<>();

  private long bytes;

  /** Ascending slots: the differences in seven bits a byte, the highest bit set if more follow. */
  private static final class Slots {
    private byte[] differences = new byte[2];
    private int length;
    private int last = -1;

    void add(int slot) {
      if (length + MAX_DIFFERENCE_BYTES > differences.length) {
        differences = Arrays.copyOf(differences, length + (length >> 1) + MAX_DIFFERENCE_BYTES);
      }
      int rest = slot - last - 1;
      last = slot;
      while (rest > 0x7F) {
        differences[length++] = (byte) (rest | 0x80);
        rest >>>= 7;
      }
      differences[length++] = (byte) rest;
    }

    /** Sets a bit; returns for how many slots it was not set before. */
    int mark(int bit, int[] matches) {
      int marked = 0;
      int slot = -1;
      for (int at = 0; at < length; ) {
        int difference = 0;
        int shift = 0;
        byte next;
        do {
          next = differences[at++];
          difference |= (next & 0x7F) << shift;
          shift += 7;
        } while (next < 0);
        slot += difference + 1;
        marked += (matches[slot] & bit) == 0 ? 1 : 0;
        matches[slot] |= bit;
      }
      return marked;
    }
  }

  void put(int slot, List<String> termsOfEntry) {
    for (var term : termsOfEntry) {
      var slots = terms.get(term);
      if (slots == null) {
        slots = new Slots();
        terms.put(term, slots);
        inOrder.put(term, slots);
        bytes += BYTES_PER_TERM;
      }
      int before = slots.differences.length;
      slots.add(slot);
      bytes += slots.differences.length - before;
    }
  }

  /**
   * The terms of a query that each entry has, a bit each.
   *
   * @param count the number of slots in use
   */
  int[] matches(List<TermQuery> query, int count) {
    return matches(query, count, new double[query.size()]);
  }

  /**
   * As {@link #matches(List, int)}, with the number of entries that have each term.
   *
   * @param count the number of slots in use
   * @param frequencies is filled with the number of slots that have each term
   */
  int[] matches(List<TermQuery> query, int count, double[] frequencies) {
    var matches = new int[count];
    for (int i = 0; i < query.size(); i++) {
      int marked = 0;
      var prefix = query.get(i).prefix();
      if (!prefix.isEmpty()) {
        for (var slots :
            inOrder.subMap(prefix, true, prefix + Character.MAX_VALUE, true).values()) {
          marked += slots.mark(1 << i, matches);
        }
      }
      for (var form : query.get(i).forms()) {
        var slots = terms.get(form);
        marked += slots == null ? 0 : slots.mark(1 << i, matches);
      }
      frequencies[i] = marked;
    }
    return matches;
  }

  /** The heap that the postings take, approximately. */
  long bytes() {
    return bytes;
  }
}
