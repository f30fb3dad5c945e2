/**
 * Periodic work of a node: claims queued runs, promotes runs whose thread is free, takes over the
 * runs of failed nodes, expires runs, and repeats work whose signal was lost.
 */
package dev.threadmill.runs.maintenance;
