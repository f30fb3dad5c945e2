/**
 * Traces by OpenTelemetry, with the names of its conventions for generative AI. Off unless a
 * collector is configured; then spans cost nothing.
 */
package dev.threadmill.telemetry.tracing;
