package dev.threadmill.vectorstores.search;

import dev.threadmill.api.FileId;
import dev.threadmill.api.VectorStoreId;
import dev.threadmill.vectorstores.Attributes;

/**
 * A passage that a search found: a chunk of a file, or several that follow each other.
 *
 * @param firstPage the page of its first text, from 1; null if the format has no pages
 * @param lastPage the page of its last text
 * @param heading the headings above it, outermost first; null if there are none
 * @param score how well it fits, 0 to 1
 */
public record Passage(
    VectorStoreId store,
    FileId file,
    String filename,
    Attributes attributes,
    double score,
    String text,
    Integer firstPage,
    Integer lastPage,
    String heading) {}
