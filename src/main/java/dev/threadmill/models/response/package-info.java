/** Reads the responses of models: collects deltas, tool calls, reasoning and usage. */
package dev.threadmill.models.response;
