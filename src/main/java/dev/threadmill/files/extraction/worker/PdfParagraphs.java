package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.worker.PageLines.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Joins the lines of a page to paragraphs and tells headings by their size and weight. */
final class PdfParagraphs {
  private static final Pattern ITEM =
      Pattern.compile("^([•▪◦‣–·*-]|\\(?\\d{1,3}[.)]|\\(?[a-z][.)])\\s.*");
  private static final int WORDS_OF_BOLD_HEADING = 14;
  private static final int LINES_OF_HEADING = 3;

  private final BlockBuilder blocks;
  private final float bodySize;
  private final boolean bodyBold;
  private final List<Segment> paragraph = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();

  PdfParagraphs(BlockBuilder blocks, float bodySize, boolean bodyBold) {
    this.blocks = blocks;
    this.bodySize = bodySize;
    this.bodyBold = bodyBold;
  }

  void write(List<Segment> segments) throws ExtractionException {
    for (var segment : segments) {
      if (segment.isTable()) {
        flush();
        blocks.add(Kind.TABLE, segment.text());
      } else {
        if (!paragraph.isEmpty() && startsParagraph(paragraph.getLast(), segment)) {
          flush();
        }
        append(segment);
      }
    }
    flush();
  }

  private boolean startsParagraph(Segment last, Segment next) {
    float size = Math.max(last.size(), 1);
    float down = next.y() - last.y();
    if (Math.abs(next.size() - last.size()) > 0.08f * size + 0.3f) {
      return true;
    }
    if (Math.abs(down) < 0.5f * size && next.x0() > last.x0()) {
      return false; // the same line, after a gap
    }
    if (next.bold() != last.bold() && (isShort(last) || isShort(next))) {
      return true;
    }
    if (ITEM.matcher(next.text()).matches()) {
      return true;
    }
    if (down < 0) {
      return !continues(last.text(), next.text()); // the next column
    }
    float indent = next.x0() - last.x0();
    boolean firstLine = paragraph.size() == 1;
    return down > lineGap(size)
        || indent > 0.8f * size && !(firstLine && ITEM.matcher(last.text()).matches())
        || firstLine && indent < -3 * size && endsSentence(last.text());
  }

  /**
   * Lines are as far apart as those of the paragraph so far, or up to one and a half times the
   * size.
   */
  private float lineGap(float size) {
    if (paragraph.size() < 2) {
      return 1.65f * size;
    }
    float before = paragraph.getLast().y() - paragraph.get(paragraph.size() - 2).y();
    return before > 0 ? Math.min(Math.max(before * 1.25f, 1.2f * size), 2.5f * size) : 1.65f * size;
  }

  private static boolean isShort(Segment segment) {
    return segment.words() <= WORDS_OF_BOLD_HEADING;
  }

  private static boolean endsSentence(String text) {
    char last = text.charAt(text.length() - 1);
    return ".!?:。！？”\"".indexOf(last) >= 0;
  }

  private static boolean continues(String last, String next) {
    return !endsSentence(last) && !Character.isUpperCase(next.codePointAt(0)) || last.endsWith("-");
  }

  private void append(Segment segment) {
    if (!text.isEmpty()) {
      int end = text.length() - 1;
      var next = segment.text();
      boolean hyphen =
          text.charAt(end) == '-' || text.charAt(end) == '\u00ad' || text.charAt(end) == '‐';
      if (hyphen
          && end > 0
          && Character.isLetter(text.charAt(end - 1))
          && Character.isLowerCase(next.codePointAt(0))) {
        text.setLength(end);
      } else if (!(isWide(text.charAt(end)) && isWide(next.charAt(0)))) {
        text.append(' ');
      }
    }
    text.append(segment.text());
    paragraph.add(segment);
  }

  /** Scripts without spaces between words have none at the ends of lines. */
  private static boolean isWide(char c) {
    return c >= '\u2e80' && c <= '\u9fff'
        || c >= '\uf900' && c <= '\ufaff'
        || c >= '\uff00' && c <= '\uffef';
  }

  private void flush() throws ExtractionException {
    if (paragraph.isEmpty()) {
      return;
    }
    var first = paragraph.getFirst();
    int words = paragraph.stream().mapToInt(Segment::words).sum();
    float ratio = first.size() / bodySize;
    if (ratio >= 1.12f && paragraph.size() <= LINES_OF_HEADING && hasLetters()) {
      blocks.heading(ratio >= 1.75f ? 1 : ratio >= 1.35f ? 2 : 3, text.toString());
    } else if (isBoldHeading(words)) {
      blocks.heading(4, text.toString());
    } else {
      blocks.add(Kind.PARAGRAPH, text.toString());
    }
    paragraph.clear();
    text.setLength(0);
  }

  private boolean isBoldHeading(int words) {
    return !bodyBold
        && paragraph.size() <= 2
        && paragraph.stream().allMatch(Segment::bold)
        && paragraph.getFirst().size() >= bodySize * 0.95f
        && words <= WORDS_OF_BOLD_HEADING
        && hasLetters()
        && ".,;:".indexOf(text.charAt(text.length() - 1)) < 0;
  }

  private boolean hasLetters() {
    return text.chars().anyMatch(Character::isLetter);
  }
}
