package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.files.extraction.Block.Kind;
import java.awt.image.BufferedImage;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PdfExtractionTest {
  private static Extractions extractions;

  @BeforeAll
  static void start() {
    extractions = new Extractions(ExtractionSettings.usual());
  }

  @AfterAll
  static void stop() {
    extractions.close();
  }

  private static ExtractedText extract(PdfFixture pdf) throws Exception {
    return extractions.extract("file.pdf", pdf.bytes());
  }

  private static final String[] LEFT = {
    "The river rises in the hills and flows for",
    "many days through the plain before it comes",
    "to the sea, where a town of fishermen stands",
    "on both banks and lives from what the water",
    "brings to it in the spring of every year.",
    "Its bridges were built by three generations.",
  };
  private static final String[] RIGHT = {
    "Trade begins when the ice breaks, and barges",
    "carry timber and grain down to the harbour.",
    "The price of both is set at the exchange on",
    "the first market day, and whoever comes later",
    "sells for less than the others did before him.",
    "In autumn the barges are laid up for repair.",
  };

  @Test
  void columnsAreReadOneAfterTheOther() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page()
          .text(120, 80, 20, PdfFixture.BOLD, "A River and Its Town in Three Centuries")
          .lines(50, 120, LEFT)
          .lines(310, 120, RIGHT)
          .text(
              50,
              240,
              "A note across the whole width of the page stands between the two parts of the columns.")
          .lines(50, 280, RIGHT)
          .lines(310, 286, LEFT);

      var text = extract(pdf);

      assertThat(text.detectedType()).isEqualTo("application/pdf");
      assertThat(text.text())
          .containsSubsequence(
              "A River and Its Town",
              "The river rises",
              "three generations.",
              "Trade begins",
              "laid up for repair.",
              "A note across",
              "Trade begins",
              "laid up for repair.",
              "The river rises",
              "three generations.");
      assertThat(text.blocks().getFirst())
          .isEqualTo(
              new Block(
                  "A River and Its Town in Three Centuries",
                  1,
                  "A River and Its Town in Three Centuries",
                  Kind.HEADING));
    }
  }

  @Test
  void aTableWithDrawnLinesBecomesMarkdown() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page()
          .text(50, 100, "The prices of this year are these:")
          .grid(
              50,
              120,
              120,
              20,
              new String[][] {
                {"Item", "Price", "In stock"}, {"Bolt, 8 mm", "3.20", "yes"}, {"Nut", "", "no"}
              })
          .text(50, 230, "They include taxes.");

      assertThat(extract(pdf).blocks())
          .extracting(Block::text)
          .containsExactly(
              "The prices of this year are these:",
              "| Item | Price | In stock |\n| --- | --- | --- |\n| Bolt, 8 mm | 3.20 | yes |\n"
                  + "| Nut |  | no |",
              "They include taxes.");
    }
  }

  @Test
  void aTableWithoutLinesIsKnownByItsAlignment() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page().text(50, 90, "Results of the four quarters in millions of euros were as follows.");
      String[][] rows = {
        {"Segment", "2023", "2024"},
        {"Machines", "120.5", "131.0"},
        {"Services", "48.1", "52.7"},
        {"Total", "168.6", "183.7"}
      };
      for (int row = 0; row < rows.length; row++) {
        pdf.text(50, 120 + 14 * row, rows[row][0])
            .text(220, 120 + 14 * row, rows[row][1])
            .text(320, 120 + 14 * row, rows[row][2]);
      }
      pdf.text(50, 200, "Services grew faster than in the year before, as had been expected.");

      assertThat(extract(pdf).blocks())
          .extracting(Block::text)
          .contains(
              "| Segment | 2023 | 2024 |\n| --- | --- | --- |\n| Machines | 120.5 | 131.0 |\n"
                  + "| Services | 48.1 | 52.7 |\n| Total | 168.6 | 183.7 |");
    }
  }

  @Test
  void headersFootersAndPageNumbersGoAndHyphenatedWordsAreJoined() throws Exception {
    try (var pdf = new PdfFixture()) {
      for (int page = 1; page <= 5; page++) {
        pdf.page()
            .text(50, 40, 8, PdfFixture.PLAIN, "Annual Report of the Harbour")
            .text(50, 100, 14, PdfFixture.BOLD, "Section " + page + " of the report")
            .lines(
                50,
                130,
                "This page tells about the adminis-",
                "tration of quay number " + page + " and its well-",
                "Known keeper.")
            .text(280, 810, 8, PdfFixture.PLAIN, "- " + page + " -");
      }

      var blocks = extract(pdf).blocks();

      assertThat(blocks).hasSize(10);
      assertThat(blocks.get(3))
          .isEqualTo(
              new Block(
                  "This page tells about the administration of quay number 2 and its well- Known keeper.",
                  2,
                  "Section 2 of the report",
                  Kind.PARAGRAPH));
    }
  }

  @Test
  void paragraphsEndAtGapsAndIndents() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page()
          .lines(50, 100, "First paragraph, whose text", "goes on here.")
          .lines(50, 140, "Second paragraph, which is", "longer by", "one line.")
          .text(65, 176, "Third paragraph with an indent.")
          .text(50, 200, "1. An item");

      assertThat(extract(pdf).blocks())
          .extracting(Block::text)
          .containsExactly(
              "First paragraph, whose text goes on here.",
              "Second paragraph, which is longer by one line.",
              "Third paragraph with an indent.",
              "1. An item");
    }
  }

  @Test
  void aScannedPageIsSaidToBeAPictureAndReadByAModelIfThereIsOne() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page().text(50, 100, "A page of text comes first.").page();
      var image =
          LosslessFactory.createFromImage(
              pdf.document, new BufferedImage(60, 80, BufferedImage.TYPE_INT_RGB));
      pdf.content().drawImage(image, 0, 0, 595, 842);
      var bytes = pdf.bytes();

      var plain = extractions.extract("scan.pdf", bytes);
      assertThat(plain.blocks().getLast())
          .isEqualTo(new Block("[Page 2 is a picture]", 2, null, Kind.PICTURE));
      assertThat(plain.warnings())
          .singleElement(Assertions.as(org.assertj.core.api.InstanceOfAssertFactories.STRING))
          .contains("1 page is a picture");

      try (var seeing = new Extractions(ExtractionSettings.usual(), new ScriptedReader())) {
        assertThat(seeing.extract("scan.pdf", bytes).blocks().getLast())
            .isEqualTo(new Block("Read from image/png.", 2, null, Kind.PICTURE));
      }
    }
  }

  /** Answers in place of a vision model, which is a provider outside the server. */
  private static final class ScriptedReader implements PictureReader {
    @Override
    public int maxPictures() {
      return 3;
    }

    @Override
    public Optional<String> read(ProjectId project, byte[] picture, String mediaType) {
      return picture.length > 50 ? Optional.of("Read from " + mediaType + ".") : Optional.empty();
    }
  }

  @Test
  void anEncryptedFileIsInvalidUnlessItOpensWithoutAPassword() throws Exception {
    for (var password : new String[] {"", "secret"}) {
      try (var pdf = new PdfFixture()) {
        pdf.page().text(50, 100, "Protected text.");
        pdf.bytes();
        var policy = new StandardProtectionPolicy("owner", password, new AccessPermission());
        policy.setEncryptionKeyLength(256);
        pdf.document.protect(policy);
        if (password.isEmpty()) {
          assertThat(extract(pdf).text()).isEqualTo("Protected text.");
        } else {
          Assertions.assertThatThrownBy(() -> extract(pdf))
              .isInstanceOf(ExtractionException.class)
              .hasMessage("The file is encrypted, and its password is not known.");
        }
      }
    }
  }

  @Test
  void aTruncatedFileIsInvalidAndTheNextFileIsRead() throws Exception {
    try (var pdf = new PdfFixture()) {
      IntStream.range(0, 20).forEach(n -> addPage(pdf, n));
      var bytes = pdf.bytes();
      Assertions.assertThatThrownBy(
              () -> extractions.extract("cut.pdf", java.util.Arrays.copyOf(bytes, 100)))
          .isInstanceOfSatisfying(
              ExtractionException.class,
              e -> assertThat(e.code()).isEqualTo(ExtractionException.Code.INVALID_FILE));
      assertThat(extractions.extract("whole.pdf", bytes).blocks()).hasSize(20);
    }
  }

  private static void addPage(PdfFixture pdf, int number) {
    try {
      pdf.page().text(50, 300, "Text of page number " + number);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
