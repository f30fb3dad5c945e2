/**
 * What nodes tell each other. Postgres is the truth, a signal is only a hurry-up: one that is lost
 * costs a sweep, never a run.
 */
package dev.threadmill.db.signals;
