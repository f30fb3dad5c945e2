/**
 * Assistants under protocols other than the Assistants API: as tools of an MCP server, as agents of
 * A2A.
 */
package dev.threadmill.protocols;
