/**
 * Builds the prompt of a model call from the thread, within the token limits, and rebuilds it later
 * for display. It uses {@code store} and {@code execution}.
 */
package dev.threadmill.runs.context;
