/**
 * {@code ./threadmill bench}: performance of the server, measured from outside. No class of the
 * server uses this package. It starts what it measures as separate processes (a PostgreSQL, a mock
 * provider, the server), generates load, and prints each number beside that of a {@linkplain
 * dev.threadmill.lab.bench.DirectClient control}: the same client without a server.
 */
package dev.threadmill.lab.bench;
