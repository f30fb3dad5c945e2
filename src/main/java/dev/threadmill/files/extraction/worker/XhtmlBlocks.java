package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.tika.mime.MediaType;
import org.xml.sax.Attributes;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Makes blocks of the XHTML that Tika's parsers write. */
final class XhtmlBlocks extends DefaultHandler {
  private static final int LONGEST_PARAGRAPH = 50_000;
  private static final int LONGEST_SLIDE_TITLE = 150;

  private final BlockBuilder blocks;
  private final boolean mail;
  private final boolean titled;
  private final StringBuilder text = new StringBuilder();
  private final Map<String, String> meta = new LinkedHashMap<>();
  private final StringBuilder title = new StringBuilder();
  private XhtmlTable table;
  private int tableDepth;
  private int preDepth;
  private int headDepth;
  private int ignoredDepth;
  private boolean inTitle;
  private boolean headingsWritten;
  private int slides;
  private int slideDepth;
  private int divDepth;
  private boolean nextIsSlideTitle;
  private String item = "";

  XhtmlBlocks(BlockBuilder blocks, MediaType type) {
    this.blocks = blocks;
    this.mail = type.getSubtype().equals("rfc822") || type.getSubtype().equals("vnd.ms-outlook");
    this.titled = type.getSubtype().contains("html");
  }

  @Override
  public void startElement(String uri, String local, String name, Attributes attributes)
      throws SAXException {
    switch (local) {
      case "head" -> headDepth++;
      case "title" -> inTitle = headDepth > 0;
      case "meta" ->
          meta.putIfAbsent(
              String.valueOf(attributes.getValue("name")), attributes.getValue("content"));
      case "script", "style" -> ignoredDepth++;
      case "body" -> startBody();
      case "div" -> startDiv(attributes.getValue("class"));
      case "h1", "h2", "h3", "h4", "h5", "h6" -> flush();
      case "p", "blockquote", "section", "article", "ul", "ol", "dl", "dt", "dd", "address" ->
          flush();
      case "li" -> {
        flush();
        item = "- ";
      }
      case "pre" -> {
        flush();
        preDepth++;
      }
      case "br" -> text.append('\n');
      case "table" -> {
        if (tableDepth++ == 0) {
          flush();
          table = new XhtmlTable(blocks);
        }
      }
      case "td", "th" -> {
        if (tableDepth == 1) {
          text.setLength(0);
          table.startCell(attributes.getValue("colspan"));
        } else {
          space();
        }
      }
      default -> {}
    }
  }

  @Override
  public void endElement(String uri, String local, String name) throws SAXException {
    switch (local) {
      case "head" -> headDepth--;
      case "title" -> inTitle = false;
      case "script", "style" -> ignoredDepth--;
      case "h1", "h2", "h3", "h4", "h5", "h6" -> heading(local.charAt(1) - '0');
      case "div" -> endDiv();
      case "p", "blockquote", "li", "dt", "dd", "section", "article", "address", "ul", "ol" ->
          flush();
      case "pre" -> {
        flush(Kind.CODE);
        preDepth--;
      }
      case "td", "th" -> {
        if (tableDepth == 1) {
          table.endCell(text);
          text.setLength(0);
        } else {
          space();
        }
      }
      case "tr" -> {
        if (tableDepth == 1) {
          handing(table::endRow);
        }
      }
      case "table" -> {
        if (--tableDepth == 0) {
          handing(table::end);
          table = null;
          text.setLength(0);
        }
      }
      default -> {}
    }
  }

  @Override
  public void characters(char[] chars, int start, int length) throws SAXException {
    if (inTitle) {
      title.append(chars, start, Math.min(length, 500));
      return;
    }
    if (headDepth > 0 || ignoredDepth > 0) {
      return;
    }
    if (preDepth > 0) {
      text.append(chars, start, length);
    } else {
      for (int at = start; at < start + length; at++) {
        if (chars[at] == '\u00a0' || Character.isWhitespace(chars[at])) {
          space();
        } else {
          text.append(chars[at]);
        }
      }
    }
    if (text.length() > LONGEST_PARAGRAPH && table == null) {
      flush();
    }
  }

  @Override
  public void ignorableWhitespace(char[] chars, int start, int length) {
    space();
  }

  private void space() {
    if (!text.isEmpty() && !Character.isWhitespace(text.charAt(text.length() - 1))) {
      text.append(' ');
    }
  }

  private void startBody() throws SAXException {
    if (mail) {
      handing(this::mailHeader);
    } else if (titled && !headingsWritten && !title.isEmpty()) {
      headingsWritten = true;
      handing(() -> blocks.heading(1, title.toString()));
    }
  }

  /** What a reader of a mail sees above its text. */
  private void mailHeader() throws ExtractionException {
    if (headingsWritten) {
      return;
    }
    headingsWritten = true;
    var subject = first("dc:title", "dc:subject");
    if (subject == null && !title.isEmpty()) {
      subject = title.toString();
    }
    if (subject != null) {
      blocks.heading(1, subject);
    }
    var lines = new StringBuilder();
    line(lines, "From", first("Message-From", "Message:From-Email", "dc:creator"));
    line(lines, "To", first("Message-To", "Message:To-Email"));
    line(lines, "Cc", first("Message-Cc"));
    line(lines, "Date", first("dcterms:created", "Creation-Date"));
    blocks.add(Kind.PARAGRAPH, lines.toString());
  }

  private static void line(StringBuilder lines, String name, String value) {
    if (value != null && !value.isBlank()) {
      lines.append(name).append(": ").append(value).append('\n');
    }
  }

  private String first(String... names) {
    for (var name : names) {
      if (meta.get(name) != null) {
        return meta.get(name);
      }
    }
    return null;
  }

  private void startDiv(String kind) throws SAXException {
    flush();
    divDepth++;
    boolean slide = "slide".equals(kind) || "slide-content".equals(kind) && slideDepth == 0;
    if (slide || "page".equals(kind)) {
      slideDepth = divDepth;
      blocks.page(++slides);
      nextIsSlideTitle = slide;
    }
  }

  private void endDiv() throws SAXException {
    flush();
    if (slideDepth == divDepth) {
      slideDepth = 0;
      nextIsSlideTitle = false;
    }
    divDepth--;
  }

  private void heading(int level) throws SAXException {
    if (table != null) {
      space();
      return;
    }
    var heading = text.toString();
    text.setLength(0);
    handing(() -> blocks.heading(level, heading));
  }

  /** Ends the paragraph. Inside a table a paragraph is a part of its cell. */
  void flush() throws SAXException {
    flush(Kind.PARAGRAPH);
  }

  private void flush(Kind kind) throws SAXException {
    if (table != null) {
      space();
      return;
    }
    if (text.isEmpty() || text.chars().allMatch(Character::isWhitespace)) {
      text.setLength(0);
      return;
    }
    var paragraph = item + text;
    item = "";
    text.setLength(0);
    if (nextIsSlideTitle && paragraph.length() <= LONGEST_SLIDE_TITLE) {
      handing(() -> blocks.heading(1, paragraph));
    } else {
      handing(() -> blocks.add(preDepth > 0 ? Kind.CODE : kind, paragraph));
    }
    nextIsSlideTitle = false;
  }

  /** Writes what is left. */
  void end() throws SAXException {
    if (table != null) {
      handing(table::end);
      table = null;
    }
    flush();
  }

  interface Step {
    void run() throws ExtractionException;
  }

  private static void handing(Step step) throws SAXException {
    try {
      step.run();
    } catch (ExtractionException e) {
      throw new SAXException(e);
    }
  }
}
