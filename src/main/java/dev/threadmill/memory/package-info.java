/**
 * What a thread remembers: an index of all that was said, summaries and facts made from it, and
 * recall. {@link dev.threadmill.memory.IndexMessages} keeps the index, {@link
 * dev.threadmill.memory.Recall} asks it.
 */
package dev.threadmill.memory;
