package dev.threadmill.files.extraction;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts.FontName;

/** Draws PDF files for tests. Positions are points from the upper left corner. */
final class PdfFixture implements AutoCloseable {
  static final PDFont PLAIN = new PDType1Font(FontName.HELVETICA);
  static final PDFont BOLD = new PDType1Font(FontName.HELVETICA_BOLD);

  final PDDocument document = new PDDocument();
  private PDPageContentStream content;

  PdfFixture page() throws IOException {
    endPage();
    var page = new PDPage(PDRectangle.A4);
    document.addPage(page);
    content = new PDPageContentStream(document, page);
    return this;
  }

  PdfFixture text(float x, float y, float size, PDFont font, String text) throws IOException {
    content.beginText();
    content.setFont(font, size);
    content.newLineAtOffset(x, PDRectangle.A4.getHeight() - y);
    content.showText(text);
    content.endText();
    return this;
  }

  PdfFixture text(float x, float y, String text) throws IOException {
    return text(x, y, 10, PLAIN, text);
  }

  /** Lines below each other. */
  PdfFixture lines(float x, float y, String... lines) throws IOException {
    for (int n = 0; n < lines.length; n++) {
      text(x, y + 12 * n, lines[n]);
    }
    return this;
  }

  /** A grid of drawn lines with a text in each cell. */
  PdfFixture grid(float x, float y, float width, float height, String[][] cells)
      throws IOException {
    float top = PDRectangle.A4.getHeight() - y;
    for (int row = 0; row <= cells.length; row++) {
      line(x, top - row * height, x + width * cells[0].length, top - row * height);
    }
    for (int column = 0; column <= cells[0].length; column++) {
      line(x + column * width, top, x + column * width, top - height * cells.length);
    }
    for (int row = 0; row < cells.length; row++) {
      for (int column = 0; column < cells[row].length; column++) {
        text(x + column * width + 3, y + row * height + height - 5, cells[row][column]);
      }
    }
    return this;
  }

  private void line(float x0, float y0, float x1, float y1) throws IOException {
    content.moveTo(x0, y0);
    content.lineTo(x1, y1);
    content.stroke();
  }

  PDPageContentStream content() {
    return content;
  }

  private void endPage() throws IOException {
    if (content != null) {
      content.close();
      content = null;
    }
  }

  byte[] bytes() throws IOException {
    endPage();
    var bytes = new ByteArrayOutputStream();
    document.save(bytes);
    return bytes.toByteArray();
  }

  @Override
  public void close() throws IOException {
    endPage();
    document.close();
  }
}
