package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.files.extraction.Block.Kind;
import java.io.Reader;
import java.io.StringReader;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text that this process reads itself takes linear time, and memory within the limit of text. */
class BoundedReadingTest {
  private static final int LIMIT = 1_000_000;
  private static final Duration LINEAR = Duration.ofSeconds(15);

  /** A text, then another without end; it counts what is read. */
  private static final class Endless extends Reader {
    private final String start;
    private final String repeated;
    private long read;

    Endless(String start, String repeated) {
      this.start = start;
      this.repeated = repeated;
    }

    @Override
    public int read(char[] target, int offset, int length) {
      assertThat(read).as("characters read").isLessThan(10 * LIMIT);
      for (int at = offset; at < offset + length; at++, read++) {
        target[at] =
            read < start.length()
                ? start.charAt((int) read)
                : repeated.charAt((int) ((read - start.length()) % repeated.length()));
      }
      return length;
    }

    @Override
    public void close() {}
  }

  private static List<Block> read(String text, TextFormat format) throws Exception {
    var blocks = new BlockList(LIMIT);
    ReadText.read(new StringReader(text), format, blocks);
    return blocks.result(format.mediaType()).blocks();
  }

  private static ThrowingCallable reading(Reader reader, TextFormat format) {
    return () -> ReadText.read(reader, format, new BlockList(LIMIT));
  }

  private static void assertInvalid(ThrowingCallable reading, String message) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            ExtractionException.class,
            e -> assertThat(e.code()).isEqualTo(ExtractionException.Code.INVALID_FILE))
        .hasMessage(message);
  }

  @Test
  void indentationCountsWhileAJsonValueIsRead() {
    var reader = new Endless("[" + "{\"a\":".repeat(150) + "{\"b\":0", ",\"b\":1");

    assertInvalid(
        reading(reader, TextFormat.JSON),
        "The file has more than 1,000,000 characters of text, which is the limit.");
    assertThat(reader.read).isLessThan(LIMIT / 10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"", "\"", "{\"a\":\"", "{\"a\":[\""})
  void aStringOfJsonIsReadUpToTheLimit(String start) {
    var reader = new Endless(start, "x");

    assertThatThrownBy(reading(reader, TextFormat.JSON))
        .isInstanceOf(JsonProcessingException.class);
    assertThat(reader.read).isLessThan(2 * LIMIT);
  }

  @Test
  void jsonMayBeNestedTwoHundredLevelsDeep() throws Exception {
    assertThat(read("[".repeat(200) + "]".repeat(200), TextFormat.JSON)).hasSize(1);
    for (var level : List.of("[", "{\"a\":")) {
      assertInvalid(
          reading(new StringReader(level.repeat(201)), TextFormat.JSON),
          "The JSON is nested more than 200 levels deep, which is the limit.");
    }
  }

  @Test
  void aRowOfCellsHasABoundedLength() {
    var reader = new Endless("", "x".repeat(90_000) + ",");

    assertInvalid(
        reading(reader, TextFormat.CSV),
        "The file has more than 1,000,000 characters of text, which is the limit.");
    assertThat(reader.read).isLessThan(2 * LIMIT);

    assertInvalid(
        () ->
            ReadText.read(
                new Endless("", "\"" + "x".repeat(90_000) + "\","),
                TextFormat.CSV,
                new BlockList(20 * LIMIT)),
        "A row of the table has more than 2,000,000 characters; is a quotation mark missing?");
  }

  @Test
  void whiteSpaceInACellTakesTimeLinearInItsLength() {
    var cell = " a \t\n  b  c" + " ".repeat(500_000) + "d\ne";

    var table =
        assertTimeoutPreemptively(LINEAR, () -> MarkdownTable.of(List.of(List.of(cell, "f"))));

    assertThat(table).isEqualTo("| a b  c" + " ".repeat(500_000) + "d e | f |\n| --- | --- |");
  }

  @ParameterizedTest
  @ValueSource(strings = {"heading", "fence", "separator", "separatorEnd", "separatorCells"})
  void aLineOfMarkdownTakesTimeLinearInItsLength(String mark) {
    var line =
        switch (mark) {
          case "heading" -> "# a" + " ".repeat(3_990) + "x";
          case "fence" -> "`".repeat(3_990) + "\u2028";
          case "separator" -> " ".repeat(3_990) + "x|";
          case "separatorEnd" -> "|-" + " ".repeat(3_990) + "x";
          default -> "|-".repeat(1_990) + "x";
        };
    var text = ("a|\n" + line + "\n\n").repeat(2_000);

    assertTimeoutPreemptively(
        LINEAR,
        () ->
            ReadText.read(new StringReader(text), TextFormat.MARKDOWN, new BlockList(40 * LIMIT)));
  }

  @Test
  void headingsOfMarkdownEndBeforeTheirClosingMarks() throws Exception {
    assertThat(read("# One ##  \n##\tTwo#\n### # three # #\n# #\n#four\n", TextFormat.MARKDOWN))
        .extracting(Block::text)
        .containsExactly("One", "Two#", "# three #", "#four");
  }

  @Test
  void linesOfDashesAndBarsSeparateTheHeaderOfATable() throws Exception {
    for (var separator : List.of("|-|-|", " | :-: | --- | ", "-|-", ":--|", "--- | ---")) {
      assertThat(read("a | b\n" + separator + "\nc | d", TextFormat.MARKDOWN))
          .as(separator)
          .extracting(Block::kind)
          .containsExactly(Kind.TABLE);
    }
    for (var other : List.of("|", "| |", "||-|", "-|x", "- - |")) {
      assertThat(read("a | b\n" + other + "\nc | d", TextFormat.MARKDOWN))
          .as(other)
          .extracting(Block::kind)
          .containsExactly(Kind.PARAGRAPH);
    }
  }

  @Test
  void aLongTableOfMarkdownContinuesWithItsHeader() throws Exception {
    var header = "| Item | Price |\n| --- | --- |\n";
    var row = "| bolt | 3.20 |\n";

    var blocks = read(header + row.repeat(30_000), TextFormat.MARKDOWN);

    assertThat(blocks).hasSize(3).extracting(Block::kind).containsOnly(Kind.TABLE);
    assertThat(blocks)
        .allSatisfy(block -> assertThat(block.text()).startsWith(header).hasSizeLessThan(210_000));
    assertThat(blocks.stream().mapToLong(block -> block.text().lines().count() - 2).sum())
        .isEqualTo(30_000);
  }

  @Test
  void aTableOfMarkdownWithoutEndIsReadUpToTheLimit() {
    var reader = new Endless("a|b\n-|-\n", "c|d\n");

    assertInvalid(
        reading(reader, TextFormat.MARKDOWN),
        "The file has more than 1,000,000 characters of text, which is the limit.");
    assertThat(reader.read).isLessThan(2 * LIMIT);
  }

  @Test
  void pathsOfHeadingsCountWhereTheyChange() throws Exception {
    var longHeading = "# " + "x".repeat(280) + "\n";

    assertThat(read(longHeading + "a\n\n".repeat(10_000), TextFormat.MARKDOWN)).hasSize(10_001);
    assertInvalid(
        reading(new StringReader(longHeading + "## a\n## b\n".repeat(5_000)), TextFormat.MARKDOWN),
        "The file has more than 1,000,000 characters of text, which is the limit.");
  }

  @Test
  void blocksBelowOneHeadingShareItsText() throws Exception {
    var blocks = new BlockList(LIMIT);
    for (int n = 0; n < 2; n++) {
      blocks.accept(new Block("text " + n, null, String.join(" > ", "One", "Two"), Kind.PARAGRAPH));
    }

    var read = blocks.result("text/html").blocks();

    assertThat(read.getLast().heading()).isSameAs(read.getFirst().heading());
  }
}
