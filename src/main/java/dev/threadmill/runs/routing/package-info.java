/**
 * Runs that are created by calls of other runs: deciding whether a call may be routed, creating the
 * child run with the call, and resuming or ending the parent when the child ends.
 */
package dev.threadmill.runs.routing;
