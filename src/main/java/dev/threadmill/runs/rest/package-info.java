/** Runs, steps and their streams over HTTP, in the terms of the Assistants API. */
package dev.threadmill.runs.rest;
