/**
 * Recall: {@link dev.threadmill.memory.recall.MemoryIndex} finds candidates, {@link
 * dev.threadmill.memory.recall.Ranking} scores them, {@link dev.threadmill.memory.recall.Recall}
 * returns the best passages.
 */
package dev.threadmill.memory.recall;
