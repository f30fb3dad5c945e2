package dev.threadmill.search;

import dev.threadmill.db.Tx;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** An index of texts that finds them by meaning and by words. */
public interface TextIndex {
  /**
   * Writes documents, in place of what the index had of their sources: chunks that a source no
   * longer has and chunks of other embedding models are removed.
   */
  void upsert(Tx tx, List<IndexDocument> documents);

  /** Removes sources of a group. Ids that the index does not have are ignored. */
  void remove(Tx tx, String group, Collection<String> sourceIds);

  /**
   * Searches a scope. A small scope is returned whole. Of a larger one the hits are the entries
   * nearest to the query and the entries with its rarest terms, each with its neighbours.
   *
   * @param sources the ids of the sources that are searched; null for all of the scope
   * @param vector awaited only when the search by words is under way
   * @param limit the number of entries by meaning, and the number by words
   */
  Hits search(
      SearchScope scope, Set<String> sources, TextQuery query, QueryVector vector, int limit)
      throws InterruptedException;
}
