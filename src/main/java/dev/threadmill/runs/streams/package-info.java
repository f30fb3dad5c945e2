/**
 * Readers of runs: they take what happens from the live run or from the database, tell stored runs
 * again, and follow whole trees of runs. They change nothing, and the engine does not know them.
 */
package dev.threadmill.runs.streams;
