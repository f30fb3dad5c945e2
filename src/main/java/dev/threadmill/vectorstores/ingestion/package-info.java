/**
 * Indexes the files of vector stores in the background: nodes claim files, extract their texts, cut
 * them into chunks, embed those and write them to the index.
 */
package dev.threadmill.vectorstores.ingestion;
