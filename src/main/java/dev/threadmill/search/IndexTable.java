package dev.threadmill.search;

import java.util.List;

/**
 * A database table that holds a text index: one row for each chunk of a source and each embedding
 * model.
 *
 * <p>The table has the columns {@code source_id}, {@code part} (the chunk's number from 0), {@code
 * model}, {@code begins} and {@code ends} (offsets in code points), {@code created_at}, {@code
 * said_at}, {@code traits} (eight bits of flags, the number of terms above them), {@code analyzer}
 * (the version of the analyzer), {@code terms}, {@code embedding} and {@code written} (the writing
 * transaction), besides the columns that are named here. Its primary key is the group, {@code
 * source_id}, {@code part} and {@code model}.
 *
 * @param name the table
 * @param tombstones the table that records which scopes lost entries: it has the columns by which
 *     scopes select entries, {@code lost} (the deleting transaction) and {@code seen}
 * @param group the column with the id of what sources belong to, such as a thread
 * @param owners the columns that a document sets for all of its chunks
 * @param extraFlags SQL of flags of an entry {@code i} that {@code traits} lacks; {@code 0} if none
 * @param countsTerms whether entries hold how often they have a term, see {@link TermFrequency}
 * @param adjacency how neighbouring sources of a hit are found; null if hits come without
 *     neighbours
 */
public record IndexTable(
    String name,
    String tombstones,
    String group,
    List<String> owners,
    String extraFlags,
    boolean countsTerms,
    Adjacency adjacency) {
  public IndexTable {
    owners = List.copyOf(owners);
  }

  /**
   * How sources that stand next to each other in a group are found.
   *
   * @param sql a subquery of a hit {@code h} that returns the ids of the source before and the
   *     source after it as the column {@code id}
   * @param isolatedFlag the flag of entries that have no neighbours
   */
  public record Adjacency(String sql, int isolatedFlag) {
    boolean isIsolated(Hit hit) {
      return (hit.flags() & isolatedFlag) != 0;
    }
  }
}
