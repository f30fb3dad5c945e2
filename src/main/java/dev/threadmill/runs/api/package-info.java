/** The interface of the engine for protocols other than the Assistants API. */
package dev.threadmill.runs.api;
