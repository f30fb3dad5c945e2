package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.poi.hslf.usermodel.HSLFSlideShow;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentExtractionTest {
  private static Extractions extractions;

  @BeforeAll
  static void start() {
    extractions = new Extractions(ExtractionSettings.usual());
  }

  @AfterAll
  static void stop() {
    extractions.close();
  }

  private static ExtractedText extract(String name, byte[] content) throws Exception {
    return extractions.extract(name, content);
  }

  private static ExtractedText extract(String name, String content) throws Exception {
    return extract(name, content.getBytes(StandardCharsets.UTF_8));
  }

  interface Writer {
    void write(ByteArrayOutputStream out) throws IOException;
  }

  private static byte[] bytes(Writer writer) throws IOException {
    var out = new ByteArrayOutputStream();
    writer.write(out);
    return out.toByteArray();
  }

  private static byte[] zip(Map<String, String> entries, String mediaType) throws IOException {
    return bytes(
        out -> {
          try (var zip = new ZipOutputStream(out)) {
            var type = mediaType.getBytes(StandardCharsets.US_ASCII);
            var first = new ZipEntry("mimetype");
            var sum = new CRC32();
            sum.update(type);
            first.setMethod(ZipEntry.STORED);
            first.setSize(type.length);
            first.setCrc(sum.getValue());
            zip.putNextEntry(first);
            zip.write(type);
            for (var entry : entries.entrySet()) {
              zip.putNextEntry(new ZipEntry(entry.getKey()));
              zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
            }
          }
        });
  }

  @Test
  void wordDocumentsHaveHeadingsAndTables() throws Exception {
    try (var document = new XWPFDocument()) {
      var styles = document.createStyles();
      var style =
          org.openxmlformats.schemas.wordprocessingml.x2006.main.CTStyle.Factory.newInstance();
      style.setStyleId("Heading1");
      style.addNewName().setVal("heading 1");
      styles.addStyle(new org.apache.poi.xwpf.usermodel.XWPFStyle(style));
      var heading = document.createParagraph();
      heading.setStyle("Heading1");
      heading.createRun().setText("Terms of delivery");
      document.createParagraph().createRun().setText("Goods are sent within ten days.");
      var table = document.createTable(2, 2);
      table.getRow(0).getCell(0).setText("Zone");
      table.getRow(0).getCell(1).setText("Fee");
      table.getRow(1).getCell(0).setText("North | West");
      table.getRow(1).getCell(1).setText("12 €");

      var text = extract("terms.docx", bytes(document::write));

      assertThat(text.blocks())
          .containsExactly(
              new Block("Terms of delivery", null, "Terms of delivery", Kind.HEADING),
              new Block(
                  "Goods are sent within ten days.", null, "Terms of delivery", Kind.PARAGRAPH),
              new Block(
                  "| Zone | Fee |\n| --- | --- |\n| North \\| West | 12 € |",
                  null,
                  "Terms of delivery",
                  Kind.TABLE));
      assertThat(text.warnings()).isEmpty();
    }
  }

  private static void fill(Workbook workbook) {
    for (var name : new String[] {"Prices", "Stock"}) {
      var sheet = workbook.createSheet(name);
      sheet
          .createRow(0)
          .createCell(0)
          .setCellValue("List of " + name.toLowerCase(java.util.Locale.ROOT));
      var header = sheet.createRow(1);
      header.createCell(0).setCellValue("Item");
      header.createCell(1).setCellValue(name);
      var row = sheet.createRow(2);
      row.createCell(0).setCellValue("Bolt");
      row.createCell(1).setCellValue(3.25);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"book.xlsx", "book.xls"})
  void sheetsAreHeadingsAndTheirRowsTables(String name) throws Exception {
    try (var workbook = name.endsWith("x") ? new XSSFWorkbook() : new HSSFWorkbook()) {
      fill(workbook);

      var blocks = extract(name, bytes(workbook::write)).blocks();

      assertThat(blocks)
          .extracting(Block::text, Block::heading, Block::kind)
          .containsExactly(
              tuple("Prices", "Prices", Kind.HEADING),
              tuple("List of prices", "Prices", Kind.PARAGRAPH),
              tuple("| Item | Prices |\n| --- | --- |\n| Bolt | 3.25 |", "Prices", Kind.TABLE),
              tuple("Stock", "Stock", Kind.HEADING),
              tuple("List of stock", "Stock", Kind.PARAGRAPH),
              tuple("| Item | Stock |\n| --- | --- |\n| Bolt | 3.25 |", "Stock", Kind.TABLE));
    }
  }

  @Test
  void slidesArePages() throws Exception {
    try (var show = new XMLSlideShow()) {
      for (int n = 1; n <= 2; n++) {
        var slide = show.createSlide();
        slide.createTextBox().setText("Title " + n);
        slide.createTextBox().setText("Point of slide " + n);
      }

      assertThat(extract("talk.pptx", bytes(show::write)).blocks())
          .containsExactly(
              new Block("Title 1", 1, "Title 1", Kind.HEADING),
              new Block("Point of slide 1", 1, "Title 1", Kind.PARAGRAPH),
              new Block("Title 2", 2, "Title 2", Kind.HEADING),
              new Block("Point of slide 2", 2, "Title 2", Kind.PARAGRAPH));
    }
  }

  @Test
  void slidesOfTheOldFormatArePages() throws Exception {
    try (var show = new HSLFSlideShow()) {
      for (int n = 1; n <= 2; n++) {
        show.createSlide().addTitle().setText("Old title " + n);
      }

      assertThat(extract("talk.ppt", bytes(show::write)).blocks())
          .extracting(Block::text, Block::page)
          .contains(tuple("Old title 1", 1), tuple("Old title 2", 2));
    }
  }

  @Test
  void htmlHasHeadingsListsTablesAndNoScripts() throws Exception {
    var text =
        extract(
            "page.html",
            """
            <!DOCTYPE html><html><head><title>The page</title><script>alert("x")</script></head>
            <body><nav>Home</nav><h2>Rules</h2><p>No   <b>dogs</b><br>here.</p>
            <ul><li>one</li><li>two</li></ul><pre>a
              b</pre><table><tr><th>k</th><th>v</th></tr><tr><td>x</td><td><p>1</p></td></tr></table>
            </body></html>
            """);

    assertThat(text.blocks())
        .extracting(Block::text)
        .containsExactly(
            "The page",
            "Home",
            "Rules",
            "No dogs here.",
            "- one",
            "- two",
            "a\n  b",
            "| k | v |\n| --- | --- |\n| x | 1 |");
    assertThat(text.blocks().getLast().heading()).isEqualTo("The page > Rules");
  }

  @Test
  void aMailHasItsSubjectSenderAndTheTextOfItsAttachments() throws Exception {
    byte[] attached;
    try (var workbook = new XSSFWorkbook()) {
      fill(workbook);
      attached = bytes(workbook::write);
    }
    var mail =
        """
        From: Ann <ann@example.org>
        To: bob@example.org
        Subject: =?UTF-8?Q?Preise_f=C3=BCr_M=C3=A4rz?=
        Date: Mon, 2 Mar 2026 10:00:00 +0000
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="b"

        --b
        Content-Type: text/plain; charset=utf-8

        The new prices are attached.

        --b
        Content-Type: application/octet-stream
        Content-Disposition: attachment; filename="../../etc/prices.xlsx"
        Content-Transfer-Encoding: base64

        %s
        --b--
        """
            .formatted(Base64.getMimeEncoder().encodeToString(attached))
            .replace("\n", "\r\n");

    var text = extract("mail.eml", mail);

    assertThat(text.detectedType()).isEqualTo("message/rfc822");
    assertThat(text.blocks().getFirst().text()).isEqualTo("Preise für März");
    assertThat(text.text())
        .containsSubsequence(
            "From: Ann <ann@example.org>",
            "The new prices are attached.",
            "Attachment prices.xlsx",
            "| Bolt | 3.25 |");
    assertThat(text.text()).doesNotContain("..");
  }

  @Test
  void openDocumentTextHasHeadingsAndTables() throws Exception {
    var content =
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
          xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
          xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:text>
        <text:h text:outline-level="1">Bylaws</text:h><text:p>Members pay in May.</text:p>
        <table:table><table:table-row><table:table-cell><text:p>Year</text:p></table:table-cell>
        <table:table-cell><text:p>Fee</text:p></table:table-cell></table:table-row>
        <table:table-row><table:table-cell><text:p>2026</text:p></table:table-cell>
        <table:table-cell><text:p>30</text:p></table:table-cell></table:table-row></table:table>
        </office:text></office:body></office:document-content>
        """;

    assertThat(
            extract(
                    "bylaws.odt",
                    zip(Map.of("content.xml", content), "application/vnd.oasis.opendocument.text"))
                .blocks())
        .extracting(Block::text)
        .containsExactly(
            "Bylaws", "Members pay in May.", "| Year | Fee |\n| --- | --- |\n| 2026 | 30 |");
  }

  private static final String NAMESPACES =
      "xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'"
          + " xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0'"
          + " xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0'"
          + " xmlns:draw='urn:oasis:names:tc:opendocument:xmlns:drawing:1.0'";

  private static String row(String... cells) {
    var row = new StringBuilder("<table:table-row>");
    for (var cell : cells) {
      row.append("<table:table-cell><text:p>").append(cell).append("</text:p></table:table-cell>");
    }
    return row.append("<table:table-cell table:number-columns-repeated='1000'/></table:table-row>")
        .toString();
  }

  @Test
  void openDocumentSheetsHaveTheirNames() throws Exception {
    var content =
        "<office:document-content %s><office:body><office:spreadsheet>%s</office:spreadsheet></office:body></office:document-content>"
            .formatted(
                NAMESPACES,
                "<table:table table:name='Prices'>%s%s</table:table>"
                    .formatted(row("Item", "Price"), row("Bolt", "3.25")));

    assertThat(
            extract(
                    "prices.ods",
                    zip(
                        Map.of("content.xml", content),
                        "application/vnd.oasis.opendocument.spreadsheet"))
                .blocks())
        .containsExactly(
            new Block("Prices", null, "Prices", Kind.HEADING),
            new Block(
                "| Item | Price |\n| --- | --- |\n| Bolt | 3.25 |", null, "Prices", Kind.TABLE));
  }

  @Test
  void openDocumentSlidesArePages() throws Exception {
    var slide =
        "<draw:page><draw:frame><draw:text-box><text:p>%1$s</text:p></draw:text-box></draw:frame>"
            + "<draw:frame><draw:text-box><text:p>Point of %1$s</text:p></draw:text-box></draw:frame></draw:page>";
    var content =
        "<office:document-content %s><office:body><office:presentation>%s</office:presentation></office:body></office:document-content>"
            .formatted(NAMESPACES, slide.formatted("One") + slide.formatted("Two"));

    assertThat(
            extract(
                    "talk.odp",
                    zip(
                        Map.of("content.xml", content),
                        "application/vnd.oasis.opendocument.presentation"))
                .blocks())
        .extracting(Block::text, Block::page, Block::heading)
        .containsExactly(
            tuple("One", 1, "One"),
            tuple("Point of One", 1, "One"),
            tuple("Two", 2, "Two"),
            tuple("Point of Two", 2, "Two"));
  }

  @Test
  void booksAreReadInTheOrderOfTheirSpine() throws Exception {
    var container =
        """
        <container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
        <rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
        """;
    var opf =
        """
        <package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>
        <item id="z" href="z.xhtml" media-type="application/xhtml+xml"/>
        <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
        <spine><itemref idref="z"/><itemref idref="a"/></spine></package>
        """;
    var chapter =
        "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>t</title></head><body><h1>%s</h1><p>%s</p></body></html>";

    assertThat(
            extract(
                    "book.epub",
                    zip(
                        Map.of(
                            "META-INF/container.xml",
                            container,
                            "book.opf",
                            opf,
                            "z.xhtml",
                            chapter.formatted("First", "It begins."),
                            "a.xhtml",
                            chapter.formatted("Second", "It ends.")),
                        "application/epub+zip"))
                .text())
        .containsSubsequence("First", "It begins.", "Second", "It ends.");
  }

  @Test
  void richTextIsRead() throws Exception {
    assertThat(
            extract(
                    "a.rtf",
                    "{\\rtf1\\ansi\\ansicpg1252 Gr\\'fc\\'dfe\\par from \\u26481?\\u20140?\\par}")
                .text())
        .isEqualTo("Grüße\n\nfrom 東京");
  }

  @Test
  void xmlIsReadAsNamesAndValues() throws Exception {
    assertThat(
            extract(
                    "a.xml",
                    "<?xml version='1.0'?><order id='7'><item>Bolt</item><to>Ann</to></order>")
                .text())
        .isEqualTo("order: id=7\n  item: Bolt\n  to: Ann");
  }

  @ParameterizedTest
  @CsvSource({
    "windows-1252, 'Der Rabatt beträgt für größere Mengen fünf Prozent – „nach Absprache“ mit dem Verkäufer.'",
    "windows-1251, 'Договор вступает в силу с момента его подписания обеими сторонами и действует один год.'",
    "Shift_JIS, 'この契約は両当事者の署名により発効し、一年間有効とする。料金は毎月末に支払う。'",
    "GB18030, '本合同自双方签字之日起生效，有效期为一年。费用应于每月底支付。'",
    "EUC-KR, '이 계약은 양 당사자가 서명한 날부터 효력이 발생하며 일 년 동안 유효하다.'",
    "UTF-16LE, 'Text without a byte order mark is still text.'",
  })
  void theCharsetOfPlainTextIsFound(String charset, String content) throws Exception {
    assertThat(extract("a.txt", content.getBytes(Charset.forName(charset))).text())
        .isEqualTo(content);
  }

  @Test
  void aWrongEndingIsNoticedAndTheContentRead() throws Exception {
    var text = extract("report.pdf", "<html><body><p>No PDF at all.</p></body></html>");

    assertThat(text.text()).isEqualTo("No PDF at all.");
    assertThat(text.warnings())
        .containsExactly("The name ends in .pdf, but the content is text/html.");
  }
}
