package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.files.extraction.Block.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/** Text of OpenDocument files and of books. */
class OpenDocumentExtractionTest extends ExtractionFixture {
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
        <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
        <item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
        <item id="s" href="s.css" media-type="text/css"/></manifest>
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
                            chapter.formatted("Second", "It ends."),
                            "nav.xhtml",
                            chapter.formatted("Contents", "List of chapters"),
                            "s.css",
                            "p { color: red }"),
                        "application/epub+zip"))
                .text())
        .containsSubsequence("First", "It begins.", "Second", "It ends.")
        .doesNotContain("List of chapters", "color");
  }
}
