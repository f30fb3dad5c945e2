/** The tools of MCP servers. */
package dev.threadmill.tools.mcp;
