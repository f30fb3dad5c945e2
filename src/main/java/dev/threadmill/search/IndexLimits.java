package dev.threadmill.search;

/**
 * The sizes at which an index changes its way of searching.
 *
 * @param compareAll up to this many entries, all vectors of a scope are compared; beyond, the HNSW
 *     graph is searched
 * @param heapFrom a scope of at least this many entries is kept in the heap while it is searched
 *     repeatedly
 * @param bytesPerEntry what an entry takes in the heap besides its vector, as a rule
 * @param heapPercent the share of the heap that may be used for that, in percent; 0 for none
 */
public record IndexLimits(int compareAll, int heapFrom, int bytesPerEntry, int heapPercent) {}
