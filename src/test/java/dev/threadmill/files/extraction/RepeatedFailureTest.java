package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FileTexts;
import dev.threadmill.models.FileData;
import dev.threadmill.sandbox.ProgramCage;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pdfbox.pdmodel.graphics.image.LosslessFactory;
import org.junit.jupiter.api.Test;

/** A file of a prompt that cannot be read at the moment. */
class RepeatedFailureTest {
  private static final ProjectId ONE = new ProjectId("proj_" + "a".repeat(24));
  private static final ProjectId OTHER = new ProjectId("proj_" + "b".repeat(24));

  private final AtomicInteger attempts = new AtomicInteger();
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);

  /** Answers in place of a vision model, as if the budget of the first project were used up. */
  private final PictureReader reader =
      new PictureReader() {
        @Override
        public int maxPictures() {
          return 3;
        }

        @Override
        public Optional<String> read(ProjectId project, byte[] picture, String mediaType)
            throws ExtractionException {
          attempts.incrementAndGet();
          if (project.equals(ONE)) {
            throw ExtractionException.server("The budget is used up.", null);
          }
          return Optional.of("An invoice");
        }
      };

  @Test
  void theNextModelCallDoesNotTryAgainButALaterOneDoes() throws Exception {
    var config = ExtractionSettings.usual();
    var workers = new WorkerPool(config, () -> new ProgramCage.Found.Unusable("none in tests"));
    try {
      var texts =
          new FileTexts(null, new TextExtraction(config, workers, List.of(reader)), now::get);
      var scan = scan();

      assertThat(texts.of(ONE, scan, 1_000).text()).contains("budget is used up");
      assertThat(texts.of(ONE, scan, 1_000).text()).contains("budget is used up");
      assertThat(attempts).hasValue(1);

      assertThat(texts.of(OTHER, scan, 1_000).text()).contains("An invoice");
      assertThat(attempts).hasValue(2);

      now.set(Instant.EPOCH.plus(Duration.ofMinutes(2)));
      assertThat(texts.of(ONE, scan, 1_000).text()).contains("budget is used up");
      texts.of(OTHER, scan, 1_000);
      assertThat(attempts).hasValue(3);
    } finally {
      workers.close();
    }
  }

  private static FileData scan() throws Exception {
    try (var pdf = new PdfFixture()) {
      pdf.page();
      var image =
          LosslessFactory.createFromImage(
              pdf.document, new BufferedImage(60, 80, BufferedImage.TYPE_INT_RGB));
      pdf.content().drawImage(image, 0, 0, 595, 842);
      return new FileData(
          "scan.pdf", FileData.PDF, Base64.getEncoder().encodeToString(pdf.bytes()));
    }
  }
}
