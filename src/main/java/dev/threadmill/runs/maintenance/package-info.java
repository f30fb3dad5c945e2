/**
 * Background maintenance of runs: takes over the runs of failed nodes, claims queued runs, expires
 * runs, and repeats work whose signal was lost. A run that is executed without a failure does not
 * depend on this package.
 */
package dev.threadmill.runs.maintenance;
