/**
 * The log of events of projects: fills it from the outbox, lists it, streams it to clients that
 * follow it, and deletes what is older than its retention.
 */
package dev.threadmill.events;
