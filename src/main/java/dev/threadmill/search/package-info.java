/**
 * Finds texts by meaning and by words: {@link dev.threadmill.search.TextIndex} is the interface, a
 * table of PostgreSQL with pgvector the store. {@link dev.threadmill.search.Chunks} cuts texts,
 * {@link dev.threadmill.search.TermAnalyzer} makes terms of them.
 */
package dev.threadmill.search;
