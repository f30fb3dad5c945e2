/**
 * Vector stores and the files in them: the objects, their tables, and what clients may do with
 * them. {@code ingestion} indexes the files, {@code search} finds passages in them, {@code rest} is
 * the API.
 */
package dev.threadmill.vectorstores;
