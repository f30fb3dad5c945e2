/**
 * Front doors other than the Assistants API: assistants as tools of an MCP server, and as agents of
 * A2A; the Responses and Conversations APIs. Of the engine they use {@code runs.api}, and {@code
 * runs.spec} for requests, alone.
 */
package dev.threadmill.protocols;
