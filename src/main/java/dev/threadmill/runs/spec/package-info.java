/**
 * What a front door asks for when it creates a run, and the settings that follow from that and from
 * the assistant. The same for the Assistants API, MCP, A2A and child runs.
 */
package dev.threadmill.runs.spec;
