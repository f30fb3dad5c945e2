package dev.threadmill.lab.search;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts.FontName;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;

/** Writes a draft in the format of its file. */
final class WriteFormat {
  private static final PDFont PLAIN = new PDType1Font(FontName.HELVETICA);
  private static final PDFont BOLD = new PDType1Font(FontName.HELVETICA_BOLD);
  private static final float MARGIN = 60;

  private WriteFormat() {}

  static byte[] bytes(Draft draft) throws IOException {
    return switch (draft.format()) {
      case "md" -> utf8("# " + draft.title() + "\n\n" + text(draft, "\n\n") + markdownTable(draft));
      case "txt" -> utf8(draft.title() + "\n\n" + text(draft, "\n\n"));
      case "csv" -> utf8(rows(draft, ","));
      case "html" -> utf8(html(draft));
      case "eml" -> utf8(mail(draft));
      case "docx" -> docx(draft);
      case "xlsx" -> xlsx(draft);
      case "pptx" -> pptx(draft);
      case "pdf" -> pdf(draft);
      default -> throw new IllegalArgumentException(draft.format());
    };
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Draft draft, String separator) {
    return String.join(separator, draft.paragraphs());
  }

  private static String rows(Draft draft, String separator) {
    return draft.table().stream()
        .map(row -> String.join(separator, row))
        .collect(Collectors.joining("\n"));
  }

  private static String markdownTable(Draft draft) {
    if (draft.table().isEmpty()) {
      return "\n";
    }
    var lines = new ArrayList<>(List.of(rows(draft, " | ").split("\n")));
    lines.add(1, "--- | ".repeat(draft.table().getFirst().size() - 1) + "---");
    return "\n\n" + String.join("\n", lines) + "\n";
  }

  private static String html(Draft draft) {
    var body = new StringBuilder("<!DOCTYPE html><html><body><h1>" + draft.title() + "</h1>");
    draft.paragraphs().forEach(each -> body.append("<p>").append(each).append("</p>"));
    return body.append("</body></html>").toString();
  }

  private static String mail(Draft draft) {
    return "From: office@example.org\r\nTo: all@example.org\r\nSubject: "
        + draft.title()
        + "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        + text(draft, "\r\n\r\n")
        + "\r\n";
  }

  private static byte[] docx(Draft draft) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var document = new XWPFDocument()) {
      document.createParagraph().createRun().setText(draft.title());
      draft.paragraphs().forEach(each -> document.createParagraph().createRun().setText(each));
      if (!draft.table().isEmpty()) {
        var table = document.createTable(draft.table().size(), draft.table().getFirst().size());
        for (int row = 0; row < draft.table().size(); row++) {
          for (int column = 0; column < draft.table().get(row).size(); column++) {
            table.getRow(row).getCell(column).setText(draft.table().get(row).get(column));
          }
        }
      }
      document.write(out);
    }
    return out.toByteArray();
  }

  private static byte[] xlsx(Draft draft) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var workbook = new XSSFWorkbook()) {
      var sheet = workbook.createSheet("Sheet 1");
      int at = 0;
      sheet.createRow(at++).createCell(0).setCellValue(draft.title());
      for (var paragraph : draft.paragraphs()) {
        sheet.createRow(at++).createCell(0).setCellValue(paragraph);
      }
      for (var cells : draft.table()) {
        var row = sheet.createRow(at++);
        for (int column = 0; column < cells.size(); column++) {
          row.createCell(column).setCellValue(cells.get(column));
        }
      }
      workbook.write(out);
    }
    return out.toByteArray();
  }

  private static byte[] pptx(Draft draft) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var show = new XMLSlideShow()) {
      show.createSlide().createTextBox().setText(draft.title());
      for (var paragraph : draft.paragraphs()) {
        show.createSlide().createTextBox().setText(paragraph);
      }
      show.write(out);
    }
    return out.toByteArray();
  }

  private static byte[] pdf(Draft draft) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var document = new PDDocument()) {
      var page = new PDPage(PDRectangle.A4);
      document.addPage(page);
      try (var content = new PDPageContentStream(document, page)) {
        float y = PDRectangle.A4.getHeight() - 100;
        draw(content, MARGIN, y, 18, BOLD, draft.title());
        y -= 40;
        for (var paragraph : draft.paragraphs()) {
          for (var line : wrapped(paragraph)) {
            draw(content, MARGIN, y, 11, PLAIN, line);
            y -= 14;
          }
          y -= 10;
        }
        for (var row : draft.table()) {
          for (int column = 0; column < row.size(); column++) {
            float x = MARGIN + (column == 0 ? 0 : 60 + column * 95);
            draw(content, x, y, 10, PLAIN, row.get(column));
          }
          y -= 16;
        }
      }
      document.save(out);
    }
    return out.toByteArray();
  }

  private static List<String> wrapped(String paragraph) throws IOException {
    var lines = new ArrayList<String>();
    var line = new StringBuilder();
    for (var word : paragraph.split(" ")) {
      float width = PLAIN.getStringWidth(line + " " + word) * 11 / 1000;
      if (!line.isEmpty() && width > PDRectangle.A4.getWidth() - 2 * MARGIN) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private static void draw(
      PDPageContentStream content, float x, float y, float size, PDFont font, String text)
      throws IOException {
    content.beginText();
    content.setFont(font, size);
    content.newLineAtOffset(x, y);
    content.showText(text);
    content.endText();
  }
}
