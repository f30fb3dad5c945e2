package dev.threadmill.vectorstores.search;

import dev.threadmill.api.VectorStoreId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Hits that are merged with the hits next to them, so that one passage is not returned twice in two
 * chunks that overlap.
 */
final class ChunkGroups {
  private static final int MAX_CHUNKS = 3;

  private final int maxGroups;
  private final List<Group> groups = new ArrayList<>();
  private final Map<Place, Group> byPlace = new HashMap<>();

  private ChunkGroups(int maxGroups) {
    this.maxGroups = maxGroups;
  }

  private record Place(VectorStoreId store, String file, int part) {}

  /** Chunks of a file that follow each other. */
  static final class Group {
    private final VectorStoreId store;
    private final String file;
    private final double score;
    private int first;
    private int last;

    private Group(VectorStoreId store, String file, int part, double score) {
      this.store = store;
      this.file = file;
      this.score = score;
      this.first = part;
      this.last = part;
    }

    VectorStoreId store() {
      return store;
    }

    String file() {
      return file;
    }

    /** The score of the best of the chunks. */
    double score() {
      return score;
    }

    int first() {
      return first;
    }

    int last() {
      return last;
    }

    private boolean hasSpace() {
      return last - first + 1 < MAX_CHUNKS;
    }
  }

  /** Groups of hits, at most this many. */
  static ChunkGroups of(int maxGroups) {
    return new ChunkGroups(maxGroups);
  }

  /** Adds a hit; hits come in the order of their scores. False if there are enough groups. */
  boolean add(VectorStoreId store, String file, int part, double score) {
    var before = byPlace.get(new Place(store, file, part - 1));
    var after = byPlace.get(new Place(store, file, part + 1));
    if (before != null && before.last == part - 1 && before.hasSpace()) {
      before.last = part;
      byPlace.put(new Place(store, file, part), before);
    } else if (after != null && after.first == part + 1 && after.hasSpace()) {
      after.first = part;
      byPlace.put(new Place(store, file, part), after);
    } else if (groups.size() == maxGroups) {
      return false;
    } else {
      var group = new Group(store, file, part, score);
      groups.add(group);
      byPlace.put(new Place(store, file, part), group);
    }
    return true;
  }

  /** The groups, best first. */
  List<Group> all() {
    return groups;
  }
}
