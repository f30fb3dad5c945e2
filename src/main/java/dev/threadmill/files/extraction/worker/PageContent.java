package dev.threadmill.files.extraction.worker;

import java.util.List;

/**
 * What is drawn on a page. Lengths are points; the origin is the upper left corner.
 *
 * @param number the number of the page, from 1
 * @param width the width of the page
 * @param height the height of the page
 * @param words its words in no particular order
 * @param rules its straight lines
 * @param pictured whether pictures cover most of it
 */
record PageContent(
    int number, float width, float height, List<Word> words, List<Rule> rules, boolean pictured) {

  /** Text without a gap; {@code y} is its baseline. */
  record Word(float x0, float x1, float y, float size, boolean bold, String text) {
    float middle() {
      return (x0 + x1) / 2;
    }
  }

  /** A horizontal or vertical line. */
  record Rule(float x0, float y0, float x1, float y1) {
    boolean horizontal() {
      return Math.abs(y1 - y0) <= Math.abs(x1 - x0);
    }
  }
}
