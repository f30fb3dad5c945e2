package dev.threadmill.files.extraction.worker;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.zip.ZipFile;
import org.apache.tika.exception.TikaException;
import org.apache.tika.utils.XMLReaderUtils;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.AttributesImpl;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Reads OpenDocument sheets and slides, whose names and pages Tika's parser leaves out, as the
 * XHTML that {@link XhtmlBlocks} takes.
 */
final class ReadOpenDocument extends DefaultHandler {
  private static final String TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0";
  private static final int MOST_REPEATED = 100;
  private static final AttributesImpl NONE = new AttributesImpl();

  private final XhtmlBlocks blocks;
  private final StringBuilder cell = new StringBuilder();
  private int cellDepth;
  private int repeated;
  private boolean inSheets;

  private ReadOpenDocument(XhtmlBlocks blocks) {
    this.blocks = blocks;
  }

  /** Reads the content of a file; entities of other documents are not loaded. */
  static void read(Path file, XhtmlBlocks blocks) throws IOException, SAXException, TikaException {
    try (var zip = new ZipFile(file.toFile())) {
      var content = zip.getEntry("content.xml");
      if (content == null) {
        throw new IOException("no content.xml");
      }
      try (var in = zip.getInputStream(content)) {
        XMLReaderUtils.getSAXParser().parse(new InputSource(in), new ReadOpenDocument(blocks));
      }
    }
  }

  @Override
  public InputSource resolveEntity(String publicId, String systemId) {
    return new InputSource(new StringReader(""));
  }

  @Override
  public void startElement(String uri, String local, String name, Attributes attributes)
      throws SAXException {
    switch (local) {
      case "spreadsheet" -> inSheets = true;
      case "table" -> {
        if (uri.equals(TABLE)) {
          startTable(attributes.getValue(TABLE, "name"));
        }
      }
      case "table-row" -> start("tr", null);
      case "table-cell", "covered-table-cell" -> {
        cellDepth++;
        cell.setLength(0);
        repeated = repeated(attributes.getValue(TABLE, "number-columns-repeated"));
      }
      case "page" -> start("div", "slide-content");
      case "h" -> start("h2", null);
      case "p" -> {
        if (cellDepth == 0) {
          start("p", null);
        } else if (!cell.isEmpty()) {
          cell.append(' ');
        }
      }
      case "tab", "s", "line-break" -> characters(new char[] {' '}, 0, 1);
      default -> {}
    }
  }

  @Override
  public void endElement(String uri, String local, String name) throws SAXException {
    switch (local) {
      case "table" -> {
        if (uri.equals(TABLE)) {
          end("table");
        }
      }
      case "table-row" -> end("tr");
      case "table-cell", "covered-table-cell" -> {
        cellDepth--;
        endCell();
      }
      case "page" -> end("div");
      case "h" -> end("h2");
      case "p" -> {
        if (cellDepth == 0) {
          end("p");
        }
      }
      default -> {}
    }
  }

  @Override
  public void characters(char[] chars, int start, int length) throws SAXException {
    if (cellDepth > 0) {
      cell.append(chars, start, length);
    } else {
      blocks.characters(chars, start, length);
    }
  }

  private static int repeated(String count) {
    return count != null && count.matches("\\d{1,6}")
        ? Math.clamp(Integer.parseInt(count), 1, MOST_REPEATED)
        : 1;
  }

  private void startTable(String sheet) throws SAXException {
    if (inSheets && sheet != null) {
      start("h1", null);
      blocks.characters(sheet.toCharArray(), 0, sheet.length());
      end("h1");
    }
    start("table", null);
  }

  private void endCell() throws SAXException {
    var text = cell.toString().toCharArray();
    for (int n = 0; n < repeated; n++) {
      start("td", null);
      blocks.characters(text, 0, text.length);
      end("td");
    }
    cell.setLength(0);
  }

  private void start(String element, String kind) throws SAXException {
    var attributes = NONE;
    if (kind != null) {
      attributes = new AttributesImpl();
      attributes.addAttribute("", "class", "class", "CDATA", kind);
    }
    blocks.startElement("", element, element, attributes);
  }

  private void end(String element) throws SAXException {
    blocks.endElement("", element, element);
  }
}
