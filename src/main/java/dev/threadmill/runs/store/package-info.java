/**
 * The stored state of runs: the rows of runs, steps and tool calls, the event log in its compact
 * form, and the statements that read and write them. It uses no other package of the engine.
 */
package dev.threadmill.runs.store;
