package dev.threadmill.runs.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.FileId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.files.FilePurpose;
import dev.threadmill.files.FileTexts;
import dev.threadmill.files.StoredFile;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How many characters the files of a prompt are expected to have. */
class PromptFilesTest {
  private static final ModelInfo MODEL =
      new ModelInfo("seeing", "test", 100_000, 4_000, true, true, false, false);
  private static final FileId ID = new FileId("file-" + "a".repeat(24));
  private static final int MEGABYTE = 1 << 20;

  private static StoredFile file(String name, String type, long bytes) {
    return new StoredFile(
        ID,
        new ProjectId("proj_" + "a".repeat(24)),
        Instant.EPOCH,
        name,
        bytes,
        FilePurpose.ASSISTANTS,
        type,
        "0".repeat(64),
        StoredFile.Status.PROCESSED,
        null,
        null,
        null,
        "blob");
  }

  private static long characters(StoredFile file, ContentPart part, int references, int tokens) {
    var message =
        new MessageEntry(
            new MessageId("msg_" + "a".repeat(24)),
            Message.Role.USER,
            Collections.nCopies(references, part),
            Instant.EPOCH,
            10,
            10,
            null);
    return new PromptFiles(null, null, null)
        .new Loading(List.of(message), Map.of(ID, file), MODEL, tokens)
        .characters();
  }

  private static long ofImages(int references) {
    var image = file("photo.png", "image/png", 6L * MEGABYTE);
    var part =
        new ContentPart.ImageFile(
            new ContentPart.ImageFile.Picture(ID.value(), ContentPart.Detail.AUTO));
    return characters(image, part, references, 1_000);
  }

  @Test
  void anImageCountsForEachReference() {
    assertThat(ofImages(1)).isBetween(8L * MEGABYTE, 9L * MEGABYTE);
    assertThat(ofImages(3)).isBetween(24L * MEGABYTE, 25L * MEGABYTE);
  }

  @Test
  void moreReferencesThanFitIntoAPromptAreLeftOut() {
    assertThat(ofImages(200)).isBetween(40L * MEGABYTE, PromptMessageReader.MOST_CHARACTERS);
  }

  @Test
  void theTextOfAFileCountsAsFarAsItFitsIntoTheTokens() {
    var part = new ContentPart.File(ID.value());
    var text = file("notes.txt", "text/plain", 5_000);
    var document = file("notes.docx", "application/msword", 5_000);

    assertThat(characters(text, part, 1, 100_000)).isBetween(5_000L, 6_000L);
    assertThat(characters(text, part, 2, 100_000)).isBetween(10_000L, 11_000L);
    assertThat(characters(document, part, 1, 100_000)).isBetween(40_000L, 41_000L);
    assertThat(characters(text, part, 2, 100)).isBetween(800L, 1_800L);
  }

  @Test
  void aFileIsNotReadIfItsTextDoesNotFit() throws InterruptedException {
    var text =
        new FileTexts(null, null, InstantSource.system())
            .of(file("notes.txt", "text/plain", 5_000), 40);

    assertThat(text.text()).contains("notes.txt", "left out");
  }
}
