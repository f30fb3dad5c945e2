/**
 * What the database has of runs: runs, steps and tool calls as their rows say, the tape in its
 * short form, and the statements that read and write them. It uses no other package of the engine.
 */
package dev.threadmill.runs.store;
