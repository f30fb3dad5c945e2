/** What protocols other than the Assistants API may use of the engine, in terms of their own. */
package dev.threadmill.runs.api;
