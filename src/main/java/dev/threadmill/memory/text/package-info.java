/**
 * What the words of a text and of a question tell by themselves: the terms they are found by, the
 * times they name, the pieces a long text is cut into. Knows nothing of threads or of the database.
 */
package dev.threadmill.memory.text;
