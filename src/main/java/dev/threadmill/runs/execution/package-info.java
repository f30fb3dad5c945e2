/**
 * A run while this node executes it: its execution state, its events, the journal of events that no
 * commit has stored yet, and the readers on this node. Uses {@code store}.
 */
package dev.threadmill.runs.execution;
