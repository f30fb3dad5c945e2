/** Metrics, logs and health, and the transactional outbox with its sinks. */
package dev.threadmill.telemetry;
