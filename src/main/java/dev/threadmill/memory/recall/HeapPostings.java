package dev.threadmill.memory.recall;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/** Which entries have a term: of each term the places of its entries. */
final class HeapPostings {
  private final TreeMap<String, Places> terms = new TreeMap<>();

  private static final class Places {
    private int[] all = new int[2];
    private int count;

    void add(int place) {
      if (count == all.length) {
        all = Arrays.copyOf(all, count + (count >> 1) + 1);
      }
      all[count++] = place;
    }
  }

  void put(int place, List<String> ofEntry) {
    for (var term : ofEntry) {
      terms.computeIfAbsent(term, key -> new Places()).add(place);
    }
  }

  /**
   * Which of a question's terms each entry has, a bit each.
   *
   * @param count how many entries there are
   */
  int[] matches(List<String> asked, int count) {
    var matches = new int[count];
    for (int i = 0; i < asked.size(); i++) {
      for (var places : with(TermQuery.of(asked.get(i)))) {
        for (int j = 0; j < places.count; j++) {
          matches[places.all[j]] |= 1 << i;
        }
      }
    }
    return matches;
  }

  private Collection<Places> with(TermQuery term) {
    if (!term.isPrefix()) {
      var places = terms.get(term.text());
      return places == null ? List.of() : List.of(places);
    }
    return terms.subMap(term.text(), true, term.text() + Character.MAX_VALUE, true).values();
  }
}
