/** Validates the arguments of calls against JSON schemas, with bounds of time and size. */
package dev.threadmill.tools.schema;
