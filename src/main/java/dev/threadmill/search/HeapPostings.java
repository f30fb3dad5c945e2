package dev.threadmill.search;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/** Postings: the slots of the entries that have a term. */
final class HeapPostings {
  private final TreeMap<String, Slots> terms = new TreeMap<>();

  private static final class Slots {
    private int[] all = new int[2];
    private int count;

    void add(int slot) {
      if (count == all.length) {
        all = Arrays.copyOf(all, count + (count >> 1) + 1);
      }
      all[count++] = slot;
    }
  }

  void put(int slot, List<String> termsOfEntry) {
    for (var term : termsOfEntry) {
      terms.computeIfAbsent(term, key -> new Slots()).add(slot);
    }
  }

  /**
   * The terms of a query that each entry has, a bit each.
   *
   * @param count the number of slots in use
   */
  int[] matches(List<TermQuery> query, int count) {
    var matches = new int[count];
    for (int i = 0; i < query.size(); i++) {
      var prefix = query.get(i).prefix();
      if (!prefix.isEmpty()) {
        add(
            terms.subMap(prefix, true, prefix + Character.MAX_VALUE, true).values(),
            1 << i,
            matches);
      }
      for (var form : query.get(i).forms()) {
        var slots = terms.get(form);
        if (slots != null) {
          add(List.of(slots), 1 << i, matches);
        }
      }
    }
    return matches;
  }

  private static void add(Collection<Slots> postings, int bit, int[] matches) {
    for (var slots : postings) {
      for (int i = 0; i < slots.count; i++) {
        matches[slots.all[i]] |= bit;
      }
    }
  }
}
