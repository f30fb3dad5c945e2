package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.files.extraction.ExtractionException.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents whose inner structure is meant to cost time or memory, or to read other files. */
class HostileContainersTest {
  private static Extractions extractions;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    extractions = new Extractions(ExtractionSettings.usual());
  }

  @AfterAll
  static void stop() {
    extractions.close();
  }

  /** Whatever a file does, the next one is read. */
  @AfterEach
  void theNextFileIsRead() throws Exception {
    assertThat(extractions.extract("a.html", bytes("<p>fine</p>")).text()).isEqualTo("fine");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private interface Document {
    void write(ByteArrayOutputStream out) throws IOException;
  }

  private static byte[] written(Document document) throws IOException {
    var out = new ByteArrayOutputStream();
    document.write(out);
    return out.toByteArray();
  }

  private static byte[] docx(String text) throws IOException {
    try (var document = new XWPFDocument()) {
      document.createParagraph().createRun().setText(text);
      return written(document::write);
    }
  }

  private interface Change {
    String of(String part);
  }

  /** The same container with one of its parts changed. */
  private static byte[] changed(byte[] container, String name, Change change) throws IOException {
    return written(
        out -> {
          try (var zip = new ZipOutputStream(out);
              var in = new ZipInputStream(new java.io.ByteArrayInputStream(container))) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
              zip.putNextEntry(new ZipEntry(entry.getName()));
              var content = in.readAllBytes();
              zip.write(
                  entry.getName().equals(name)
                      ? bytes(change.of(new String(content, StandardCharsets.UTF_8)))
                      : content);
            }
          }
        });
  }

  private static byte[] zip(String name, byte[] content) throws IOException {
    return written(
        out -> {
          try (var zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(content);
          }
        });
  }

  @Test
  void aDocumentOfTooManyEntriesIsInvalid() throws Exception {
    var whole = docx("text");
    var crowded =
        written(
            out -> {
              try (var zip = new ZipOutputStream(out);
                  var in = new ZipInputStream(new java.io.ByteArrayInputStream(whole))) {
                zip.setMethod(ZipOutputStream.STORED);
                for (int n = 0; n < 60_000; n++) {
                  var entry = new ZipEntry(Integer.toString(n, 36));
                  entry.setSize(0);
                  entry.setCrc(0);
                  zip.putNextEntry(entry);
                }
                zip.setMethod(ZipOutputStream.DEFLATED);
                for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                  zip.putNextEntry(new ZipEntry(entry.getName()));
                  zip.write(in.readAllBytes());
                }
              }
            });

    assertThatThrownBy(() -> extractions.extract("a.docx", crowded))
        .isInstanceOfSatisfying(
            ExtractionException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_FILE))
        .hasMessageContaining("at most 50,000 are read");
  }

  @Test
  void archivesInsideOfAMailAreNamedAndNotUnpacked() throws Exception {
    var archive = bytes("innermost");
    for (int n = 0; n < 20; n++) {
      archive = zip("level%d.zip".formatted(n), archive);
    }
    var mail =
        "From: a@b.c\r\nSubject: Archives\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + "--b\r\nContent-Type: text/plain\r\n\r\nThe text of the mail.\r\n"
            + "--b\r\nContent-Type: application/zip; name=a.zip\r\n"
            + "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.zip"
            + "\r\n\r\n"
            + Base64.getMimeEncoder().encodeToString(archive)
            + "\r\n--b--\r\n";

    var text = extractions.extract("a.eml", bytes(mail));

    assertThat(text.text()).contains("The text of the mail.").doesNotContain("innermost");
  }

  @Test
  void entitiesInsideOfADocumentReadNoFile() throws Exception {
    var secret = Files.writeString(folder.resolve("secret"), "the secret of the host");
    var hostile =
        changed(
            docx("before MARK after"),
            "word/document.xml",
            xml ->
                xml.replaceFirst(
                        "\\?>",
                        "?><!DOCTYPE w [<!ENTITY f SYSTEM \"%s\">]>".formatted(secret.toUri()))
                    .replace("MARK", "&f;"));

    String text;
    try {
      text = extractions.extract("a.docx", hostile).text();
    } catch (ExtractionException e) {
      assertThat(e.code()).isEqualTo(Code.INVALID_FILE);
      text = e.getMessage();
    }
    assertThat(text).doesNotContain("the secret");
  }

  @Test
  void aSheetThatClaimsToBeHugeIsReadAsFarAsItHasCells() throws Exception {
    byte[] sheet;
    try (var workbook = new XSSFWorkbook()) {
      var first = workbook.createSheet("one");
      first.createRow(0).createCell(0).setCellValue("first");
      first.createRow(1_048_575).createCell(40).setCellValue("last");
      sheet = written(workbook::write);
    }
    var huge =
        changed(
            sheet,
            "xl/worksheets/sheet1.xml",
            xml ->
                xml.replaceFirst("<dimension ref=\"[^\"]*\"", "<dimension ref=\"A1:XFD1048576\""));

    var text = extractions.extract("a.xlsx", huge).text();

    assertThat(text).contains("first", "last");
    assertThat(text.length()).isLessThan(200_000);
  }

  @Test
  void loopsInAPdfEnd() throws Exception {
    var pages = "2 0 obj <</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>> endobj ";
    var form =
        "2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj "
            + "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
            + "/Resources<</XObject<</F 5 0 R>>>>>> endobj "
            + "4 0 obj <</Length 5>> stream\n/F Do\nendstream endobj "
            + "5 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 5"
            + "/Resources<</XObject<</F 5 0 R>>>>>> stream\n/F Do\nendstream endobj ";
    for (var body : new String[] {pages, form}) {
      var pdf =
          "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj "
              + body
              + "trailer <</Root 1 0 R/Prev 0>>\nstartxref\n0\n%%EOF";
      assertThatThrownBy(
              () -> {
                var text = extractions.extract("a.pdf", bytes(pdf));
                throw new ExtractionException(Code.INVALID_FILE, "no text: " + text.text());
              })
          .isInstanceOfSatisfying(
              ExtractionException.class, e -> assertThat(e.code()).isEqualTo(Code.INVALID_FILE));
    }
  }

  @Test
  void aThousandPagesAreReadInOrder() throws Exception {
    try (var pdf = new PdfFixture()) {
      for (int n = 1; n <= 1_000; n++) {
        pdf.page().text(50, 100, "This is the text of sheet " + n + ".");
      }
      var blocks = extractions.extract("long.pdf", pdf.bytes()).blocks();

      assertThat(blocks).hasSize(1_000);
      assertThat(blocks.getLast().page()).isEqualTo(1_000);
      assertThat(blocks.getLast().text()).isEqualTo("This is the text of sheet 1000.");
    }
  }

  @Test
  void htmlOfManyLevelsIsFlattened() throws Exception {
    var deep = "<div>".repeat(20_000) + "the innermost text" + "</div>".repeat(20_000);

    assertThat(extractions.extract("a.html", bytes(deep)).text()).isEqualTo("the innermost text");
  }
}
