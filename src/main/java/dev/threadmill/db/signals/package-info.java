/**
 * Signals between nodes. Postgres is the source of truth, and a signal only saves a poll: a lost
 * one costs a poll interval, never a run.
 */
package dev.threadmill.db.signals;
