package dev.threadmill.files.chunks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.threadmill.files.extraction.Block;
import dev.threadmill.files.extraction.Block.Kind;
import dev.threadmill.files.extraction.ExtractedText;
import dev.threadmill.models.TokenCounter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChunkerTest {
  private static final String TABLE_HEADER = "| Item | Price |\n| --- | --- |\n";

  private static ExtractedText text(Block... blocks) {
    return new ExtractedText("text/plain", List.of(blocks), List.of());
  }

  private static Block paragraph(String text) {
    return new Block(text, null, null, Kind.PARAGRAPH);
  }

  private static String sentences(int count, String subject) {
    return IntStream.range(0, count)
        .mapToObj(n -> "%s number %d is described by this sentence.".formatted(subject, n))
        .collect(Collectors.joining(" "));
  }

  /** Blocks of every kind, among them words without end and texts without sentences. */
  private static ExtractedText variedText(Random random) {
    var blocks = new ArrayList<Block>();
    for (int n = 0; n < 60; n++) {
      var heading = "Part " + n / 10;
      int size = 1 + random.nextInt(60);
      blocks.add(
          switch (random.nextInt(7)) {
            case 0 -> new Block("Heading " + n, n, heading, Kind.HEADING);
            case 1 ->
                new Block(
                    TABLE_HEADER
                        + IntStream.range(0, size)
                            .mapToObj(row -> "| thing %d | %d |".formatted(row, row * 7))
                            .collect(Collectors.joining("\n")),
                    n,
                    heading,
                    Kind.TABLE);
            case 2 -> new Block("  if (x)\n    y();\n".repeat(size).strip(), n, heading, Kind.CODE);
            case 3 -> new Block("漢字かな交じり文です。".repeat(size), n, heading, Kind.PARAGRAPH);
            case 4 -> new Block("x😀".repeat(size * 20), n, heading, Kind.PARAGRAPH);
            case 5 -> new Block("word ".repeat(size * 10).strip(), n, heading, Kind.PARAGRAPH);
            default -> new Block(sentences(size, "Case"), n, heading, Kind.PARAGRAPH);
          });
    }
    return new ExtractedText("text/plain", blocks, List.of());
  }

  private static String withoutSpace(String text) {
    return text.replaceAll("\\s+", "");
  }

  @ParameterizedTest
  @CsvSource({"800, 400", "100, 50", "100, 0", "256, 32", "4096, 0", "16, 8", "120, 60"})
  void noTextIsLostOrReorderedAndNoChunkIsTooLarge(int max, int overlap) {
    var text = variedText(new Random(max));

    var chunks = Chunker.chunk(text, new ChunkingStrategy(max, overlap));

    var fresh =
        chunks.stream()
            .map(chunk -> chunk.text().substring(chunk.repeated()))
            .collect(Collectors.joining());
    assertThat(withoutSpace(fresh)).isEqualTo(withoutSpace(text.text()));
    assertThat(chunks)
        .allSatisfy(
            chunk -> {
              assertThat(chunk.tokens()).isEqualTo(TokenCounter.count(chunk.text()));
              assertThat(chunk.tokens()).isLessThanOrEqualTo(max);
            });
    assertThat(chunks)
        .extracting(Chunk::index)
        .isEqualTo(IntStream.range(0, chunks.size()).boxed().toList());
  }

  @ParameterizedTest
  @CsvSource({"800, 400", "200, 100", "400, 50"})
  void theOverlapRepeatsTheEndOfTheChunkBefore(int max, int overlap) {
    var chunks =
        Chunker.chunk(text(paragraph(sentences(400, "Case"))), new ChunkingStrategy(max, overlap));

    assertThat(chunks).hasSizeGreaterThan(5);
    for (int n = 1; n < chunks.size(); n++) {
      var repeated = chunks.get(n).text().substring(0, chunks.get(n).repeated()).strip();
      assertThat(chunks.get(n - 1).text()).endsWith(repeated);
      assertThat(TokenCounter.count(repeated)).isBetween(overlap - 20, overlap);
    }
  }

  @Test
  void withoutAnOverlapNothingIsRepeated() {
    var chunks =
        Chunker.chunk(text(paragraph(sentences(200, "Case"))), new ChunkingStrategy(100, 0));

    assertThat(chunks).extracting(Chunk::repeated).containsOnly(0);
  }

  @Test
  void aChunkEndsBeforeAHeadingThatIsNear() {
    var chunks =
        Chunker.chunk(
            text(
                new Block("First", 1, "First", Kind.HEADING),
                new Block(sentences(8, "Case"), 1, "First", Kind.PARAGRAPH),
                new Block("Second", 2, "Second", Kind.HEADING),
                new Block(sentences(8, "Rule"), 3, "Second", Kind.PARAGRAPH)),
            new ChunkingStrategy(110, 0));

    assertThat(chunks).hasSize(2);
    assertThat(chunks.get(0).text()).startsWith("First\n\nCase number 0").doesNotContain("Second");
    assertThat(chunks.get(1).text()).startsWith("Second\n\nRule number 0");
    assertThat(chunks.get(1).heading()).isEqualTo("Second");
    assertThat(chunks.get(1).firstPage()).isEqualTo(2);
    assertThat(chunks.get(1).lastPage()).isEqualTo(3);
  }

  @Test
  void everyPieceOfATableStartsWithItsHeader() {
    var rows =
        IntStream.range(0, 300)
            .mapToObj(row -> "| item %d | %d euros |".formatted(row, row * 3))
            .collect(Collectors.joining("\n"));

    var chunks =
        Chunker.chunk(
            text(new Block(TABLE_HEADER + rows, null, null, Kind.TABLE)),
            new ChunkingStrategy(200, 60));

    assertThat(chunks).hasSizeGreaterThan(10);
    assertThat(chunks)
        .allSatisfy(
            chunk -> {
              assertThat(chunk.text()).startsWith(TABLE_HEADER);
              assertThat(chunk.text().lines()).allMatch(line -> line.endsWith("|"));
            });
  }

  @Test
  void marksWithoutASpaceAfterThemTakeTimeLinearInTheirNumber() {
    var marks = ".!?)".repeat(200_000);

    int end =
        assertTimeoutPreemptively(
            Duration.ofSeconds(15), () -> SentenceEnds.next("One" + marks + "x. Two", 0));

    assertThat(end).isEqualTo(3 + marks.length() + 2);
  }

  @Test
  void aShortTextIsOneChunk() {
    var chunks = Chunker.chunk(text(paragraph("Short.")), ChunkingStrategy.DEFAULT);

    assertThat(chunks).containsExactly(new Chunk(0, "Short.", null, null, null, 2, 0));
  }

  @Test
  void anEmptyTextHasNoChunks() {
    assertThat(Chunker.chunk(text(), ChunkingStrategy.DEFAULT)).isEmpty();
  }
}
