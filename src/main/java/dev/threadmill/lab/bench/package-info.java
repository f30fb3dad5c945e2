/**
 * {@code ./threadmill bench}: how fast the server is, measured from outside. Nothing of the server
 * uses this package. It starts what it measures as processes of their own (a PostgreSQL, a stand-in
 * for the model provider, the server), puts load on them, and prints each number beside the one of
 * a {@linkplain dev.threadmill.lab.bench.DirectClient control}: the same client without a server.
 */
package dev.threadmill.lab.bench;
