/**
 * Streams of runs: they read from live runs and from the database, replay stored runs, and follow
 * trees of runs. They only read, and the engine does not use them.
 */
package dev.threadmill.runs.streams;
