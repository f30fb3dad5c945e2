package dev.threadmill.files.extraction;

import java.util.Objects;

/**
 * A part of the text of a file, in reading order.
 *
 * @param text the text, without control characters and without white space at its ends, except that
 *     code keeps its indentation. Tables are Markdown tables.
 * @param page the page, slide or sheet, from 1; null if the format has none
 * @param heading the headings above it, outermost first, joined by " > "; null if there is none. A
 *     heading names itself last.
 * @param kind what the text is
 */
public record Block(String text, Integer page, String heading, Kind kind) {
  /** The kinds of blocks. */
  public enum Kind {
    /** Prose, an item of a list, or a quotation. */
    PARAGRAPH,
    /** The title of a section, without markup. */
    HEADING,
    /**
     * A Markdown table: its first line has the columns, its second separates them from the rows.
     */
    TABLE,
    /** Source code, JSON, or other text whose line breaks and indentation count. */
    CODE,
    /** A picture: its description or the text that a model reads in it; else a line saying so. */
    PICTURE
  }

  public Block {
    Objects.requireNonNull(text);
    Objects.requireNonNull(kind);
  }
}
