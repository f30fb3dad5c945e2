/**
 * The long-term memory of threads: an index of all messages, summaries and facts made from them,
 * and recall. {@link dev.threadmill.memory.IndexMessages} fills the index, {@link
 * dev.threadmill.memory.recall.Recall} searches it.
 */
package dev.threadmill.memory;
