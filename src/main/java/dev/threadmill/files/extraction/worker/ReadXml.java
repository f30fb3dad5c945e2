package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.BlockBuilder;
import dev.threadmill.files.extraction.ExtractionException;
import java.io.InputStream;
import org.apache.tika.utils.XMLReaderUtils;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Reads XML as lines of element names, attributes and text. Entities of other documents are not
 * loaded, and entities of its own expand within the limits of the parser.
 */
final class ReadXml extends DefaultHandler {
  private static final int LINES_TOGETHER = 1_500;
  private static final int DEEPEST = 1_000;

  private final BlockBuilder blocks;
  private final StringBuilder lines = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private String element = "";
  private int depth;

  private ReadXml(BlockBuilder blocks) {
    this.blocks = blocks;
  }

  static void read(InputStream in, BlockBuilder blocks) throws Exception {
    var reader = new ReadXml(blocks);
    XMLReaderUtils.getSAXParser().parse(new InputSource(in), reader);
    reader.flush();
  }

  @Override
  public InputSource resolveEntity(String publicId, String systemId) {
    return new InputSource(new java.io.StringReader(""));
  }

  @Override
  public void startElement(String uri, String local, String name, Attributes attributes)
      throws SAXException {
    line();
    nameParent();
    if (++depth > DEEPEST) {
      throw new SAXException(ExtractionException.invalid("The file is nested too deeply."));
    }
    element = name;
    for (int at = 0; at < attributes.getLength(); at++) {
      if (!attributes.getQName(at).startsWith("xmlns")) {
        text.append(attributes.getQName(at))
            .append('=')
            .append(attributes.getValue(at))
            .append(' ');
      }
    }
  }

  /** The names of elements above say what the ones below mean: the name of a buyer or a seller. */
  private void nameParent() {
    if (!element.isEmpty()) {
      indent();
      lines.append(element).append(":\n");
      element = "";
    }
  }

  private void indent() {
    lines.repeat("  ", Math.clamp(depth - 1L, 0, 8));
  }

  @Override
  public void endElement(String uri, String local, String name) throws SAXException {
    line();
    depth--;
    element = "";
    if (lines.length() > LINES_TOGETHER) {
      flush();
    }
  }

  @Override
  public void characters(char[] chars, int start, int length) throws SAXException {
    text.append(chars, start, length);
    if (text.length() > 100 * LINES_TOGETHER) {
      line();
      flush();
    }
  }

  private void line() {
    var value = text.toString().strip().replaceAll("[ \\t\\r\\n]+", " ");
    text.setLength(0);
    if (!value.isEmpty()) {
      indent();
      lines.append(element.isEmpty() ? "" : element + ": ").append(value).append('\n');
      element = "";
    }
  }

  private void flush() throws SAXException {
    try {
      blocks.add(Kind.CODE, lines.toString());
      lines.setLength(0);
    } catch (ExtractionException e) {
      throw new SAXException(e);
    }
  }
}
