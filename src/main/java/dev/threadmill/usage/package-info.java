/**
 * What model calls have used and cost: counted once per call from the outbox, kept as sums by time
 * and dimension, shown for projects and in the shapes of the hosted usage API.
 */
package dev.threadmill.usage;
