/** The engine for front doors other than the Assistants API, and all of it that they may use. */
package dev.threadmill.runs.api;
