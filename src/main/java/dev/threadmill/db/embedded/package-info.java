/**
 * The embedded PostgreSQL: unpacked, initialised, started, supervised and stopped by plain Java, so
 * that it runs before Quarkus boots and in tests.
 */
package dev.threadmill.db.embedded;
