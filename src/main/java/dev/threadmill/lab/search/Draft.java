package dev.threadmill.lab.search;

import java.util.List;

/**
 * The text of a document before it is written in a format.
 *
 * @param format the ending of its file
 * @param title its title
 * @param paragraphs its text
 * @param table rows of cells, the first of which is the header; empty for none
 * @param questions questions that it answers
 */
record Draft(
    String format,
    String title,
    List<String> paragraphs,
    List<List<String>> table,
    List<String> questions) {}
