/**
 * What a node does for runs that are not its own: it takes over from the dead, claims, expires, and
 * looks after what a lost signal has left behind. Nothing of the engine needs it for a run that
 * goes well.
 */
package dev.threadmill.runs.recovery;
