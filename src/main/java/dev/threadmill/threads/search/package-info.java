/** Finds threads of a project by what they contain and by how their runs ended. */
package dev.threadmill.threads.search;
