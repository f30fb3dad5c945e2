package dev.threadmill.files.chunks;

/**
 * A part of a file that is indexed and found as one.
 *
 * @param index its position among the chunks of the file, from 0
 * @param text the text; a chunk that starts inside a table starts with the header of the table
 * @param firstPage the page of its first text, from 1; null if the format has no pages
 * @param lastPage the page of its last text
 * @param heading the headings above its first text that no earlier chunk has, outermost first,
 *     joined by " > "; null if there is none
 * @param tokens the tokens of the text
 * @param repeated the number of characters at the start of the text that repeat the chunk before or
 *     the header of a table. What follows is the text that comes after the chunk before it.
 */
public record Chunk(
    int index,
    String text,
    Integer firstPage,
    Integer lastPage,
    String heading,
    int tokens,
    int repeated) {}
