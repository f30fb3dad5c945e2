package dev.threadmill.search;

import java.util.List;

/**
 * The result of a search.
 *
 * @param hits in {@linkplain Hit#CHRONOLOGICAL chronological} order
 * @param totalEntries the number of entries in the scope, as far as it is known
 * @param documentFrequencies for each term of the query, how many entries of the scope have it,
 *     approximately; null if the hits are all entries
 */
public record Hits(List<Hit> hits, long totalEntries, double[] documentFrequencies) {}
