/**
 * The PostgreSQL that Threadmill brings along: unpacked, initialised, started, watched and stopped
 * by plain Java, so that it runs before Quarkus boots and in tests alike.
 */
package dev.threadmill.db.embedded;
