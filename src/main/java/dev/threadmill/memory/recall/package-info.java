/**
 * Finds in the index what bears on a question: {@link dev.threadmill.memory.recall.Recall} has it
 * searched, whole or by its best entries, and ranked.
 */
package dev.threadmill.memory.recall;
