/**
 * {@code ./threadmill bench memory}: the quality of recall on an evaluation set of conversations,
 * and its speed over many items. Needs a database and no server.
 */
package dev.threadmill.lab.memory;
