/** Assistants as tools of an MCP server: a tool call is a run. */
package dev.threadmill.protocols.mcp;
