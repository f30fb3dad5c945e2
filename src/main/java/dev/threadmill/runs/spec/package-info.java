/**
 * The request to create a run, and the settings that are resolved from it and from the assistant.
 * The same for the Assistants API, MCP, A2A, the Responses API and child runs.
 */
package dev.threadmill.runs.spec;
