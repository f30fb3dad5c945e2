package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.apache.poi.hslf.usermodel.HSLFSlideShow;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text of Office documents, HTML, mails and other formats. */
class DocumentExtractionTest extends ExtractionFixture {
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

  /** No library writes this format; the file was written by LibreOffice. */
  @Test
  void wordDocumentsOfTheOldFormatHaveHeadingsAndTables() throws Exception {
    try (var letter = getClass().getResourceAsStream("/documents/letter.doc")) {
      assertThat(extract("letter.doc", letter.readAllBytes()).blocks())
          .extracting(Block::text, Block::heading, Block::kind)
          .containsExactly(
              tuple("Terms of delivery", "Terms of delivery", Kind.HEADING),
              tuple(
                  "Goods are sent within ten days – größere Mengen (東京) within a month.",
                  "Terms of delivery",
                  Kind.PARAGRAPH),
              tuple("Fees", "Terms of delivery > Fees", Kind.HEADING),
              tuple(
                  "| Zone | Fee |\n| --- | --- |\n| North | 12 € |",
                  "Terms of delivery > Fees",
                  Kind.TABLE),
              tuple("Signed in Oslo.", "Terms of delivery > Fees", Kind.PARAGRAPH));
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
  void aMessageOfOutlookIsReadLikeAMail() throws Exception {
    byte[] message;
    try (var storage = new POIFSFileSystem()) {
      var root = storage.getRoot();
      root.createDocument("__properties_version1.0", new ByteArrayInputStream(new byte[32 + 16]));
      for (var each :
          Map.of(
                  "001A", "IPM.Note",
                  "0037", "Offer for the quay",
                  "0C1A", "Ada Example",
                  "1000", "The crane costs 12 euros.")
              .entrySet()) {
        root.createDocument(
            "__substg1.0_%s001F".formatted(each.getKey()),
            new ByteArrayInputStream(each.getValue().getBytes(StandardCharsets.UTF_16LE)));
      }
      message = bytes(storage::writeFilesystem);
    }

    assertThat(extract("offer.msg", message).text())
        .contains("Offer for the quay", "Ada Example", "The crane costs 12 euros.");
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

  @Test
  void namesOfElementsAboveAreKeptInXmlAndDrawings() throws Exception {
    assertThat(
            extract(
                    "a.xml",
                    """
                    <sale><seller><name>Ann</name></seller><buyer lang="fr"><name>Bob</name></buyer>
                    <note>Paid <b>today</b> in cash</note><empty/></sale>""")
                .text())
        .isEqualTo(
            "sale:\n  seller:\n    name: Ann\n  buyer: lang=fr\n    name: Bob\n"
                + "  note: Paid\n    b: today\n  in cash");
    assertThat(
            extract(
                    "pier.svg",
                    "<svg xmlns='http://www.w3.org/2000/svg'><text>Pier seven</text></svg>")
                .text())
        .isEqualTo("svg:\n  text: Pier seven");
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
    for (var name : new String[] {"a.txt", "a", "a.unknown", "a.tex", "a.py"}) {
      assertThat(extract(name, content.getBytes(Charset.forName(charset))).text())
          .as(name)
          .isEqualTo(content);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"README", "Makefile", "paper.tex", "main.go", "job.py", "c.yaml", "a.b"})
  void textIsReadWhateverItsEnding(String name) throws Exception {
    assertThat(extract(name, "\\section{Tides}\n\tThe tide rises at noon – or later.\n").text())
        .isEqualTo("\\section{Tides}\n\tThe tide rises at noon – or later.");
  }

  @Test
  void aTableOfTabsIsATable() throws Exception {
    for (var charset : new String[] {"UTF-8", "windows-1252"}) {
      assertThat(
              extract("p.tsv", "Ware\tGröße\nBolt\t8 mm\n".getBytes(Charset.forName(charset)))
                  .text())
          .isEqualTo("| Ware | Größe |\n| --- | --- |\n| Bolt | 8 mm |");
    }
  }

  @Test
  void aMailInsideOfAMailIsReadWithItsAttachment() throws Exception {
    var inner =
        """
        From: Cy <cy@example.org>
        Subject: Inner
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=i

        --i
        Content-Type: text/plain

        About barnacles.
        --i
        Content-Type: text/csv; name=counts.csv
        Content-Disposition: attachment; filename=counts.csv

        pier,barnacles
        7,120
        --i--
        """;
    var mail =
        """
        From: Ann <ann@example.org>
        Subject: Outer
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary=o

        --o
        Content-Type: text/plain

        Forwarded.
        --o
        Content-Type: message/rfc822
        Content-Disposition: attachment; filename=inner.eml

        %s
        --o--
        """
            .formatted(inner);

    assertThat(extract("mail.eml", mail.replace("\n", "\r\n")).text())
        .containsSubsequence(
            "Outer",
            "Forwarded.",
            "Inner",
            "Cy <cy@example.org>",
            "About barnacles.",
            "| 7 | 120 |");
  }

  @Test
  void aWrongEndingIsNoticedAndTheContentRead() throws Exception {
    var text = extract("report.pdf", "<html><body><p>No PDF at all.</p></body></html>");

    assertThat(text.text()).isEqualTo("No PDF at all.");
    assertThat(text.warnings())
        .containsExactly("The name ends in .pdf, but the content is text/html.");
  }
}
