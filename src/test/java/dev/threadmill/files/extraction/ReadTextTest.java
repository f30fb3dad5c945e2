package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ProjectId;
import dev.threadmill.files.extraction.Block.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadTextTest {
  @TempDir Path folder;

  private ExtractedText extract(String name, byte[] content) throws Exception {
    return extract(name, content, 1_000_000);
  }

  private ExtractedText extract(String name, byte[] content, int maxCharacters) throws Exception {
    var file = Files.write(folder.resolve("file"), content);
    return new TextExtraction(
            ExtractionSettings.usual().withMaxCharacters(maxCharacters), null, List.of())
        .extract(new ProjectId("proj_" + "a".repeat(24)), file, name, null);
  }

  private ExtractedText extract(String name, String content) throws Exception {
    return extract(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private static Block block(String text, String heading, Kind kind) {
    return new Block(text, null, heading, kind);
  }

  @Test
  void headingsOfMarkdownAreAPathAndTablesAndCodeStayWhole() throws Exception {
    var text =
        extract(
            "guide.md",
            """
            # Guide
            Intro with | a bar.

            ## Install ##
            ```sh
            # no heading

            run | it
            ```
            Steps
            -----
            | a | b |
            |---|:-:|
            | 1 | 2 |
            After the table.
            # End
            - one
            - two
            """);

    assertThat(text.detectedType()).isEqualTo("text/markdown");
    assertThat(text.blocks())
        .containsExactly(
            block("Guide", "Guide", Kind.HEADING),
            block("Intro with | a bar.", "Guide", Kind.PARAGRAPH),
            block("Install", "Guide > Install", Kind.HEADING),
            block("# no heading\n\nrun | it", "Guide > Install", Kind.CODE),
            block("Steps", "Guide > Steps", Kind.HEADING),
            block("| a | b |\n|---|:-:|\n| 1 | 2 |", "Guide > Steps", Kind.TABLE),
            block("After the table.", "Guide > Steps", Kind.PARAGRAPH),
            block("End", "End", Kind.HEADING),
            block("- one\n- two", "End", Kind.PARAGRAPH));
  }

  @ParameterizedTest
  @ValueSource(strings = {",", ";", "\t", "|"})
  void aTableOfValuesBecomesAMarkdownTable(String delimiter) throws Exception {
    var text =
        extract(
            "prices.csv",
            "Name,Price,Note\r\n\"Bolt, 8 mm\",3.20,\"says \"\"hi\"\"\"\nNut,1,\"two\nlines\"\n\n"
                .replaceAll(",(?! )", delimiter.equals("|") ? "|" : delimiter));

    assertThat(text.blocks())
        .containsExactly(
            block(
                "| Name | Price | Note |\n| --- | --- | --- |\n| Bolt, 8 mm | 3.20 | says \"hi\" |\n"
                    + "| Nut | 1 | two lines |",
                null,
                Kind.TABLE));
  }

  @Test
  void jsonIsIndentedAndDividedBetweenItsEntries() throws Exception {
    var text =
        extract(
            "data.json",
            "{\"a\":{\"b\":[1,2]},\"c\":\"%s\",\"d\":null}".formatted("x".repeat(600)));

    assertThat(text.blocks()).hasSize(2);
    assertThat(text.blocks().getFirst().text())
        .startsWith("\"a\": {\n  \"b\":")
        .contains("\"c\": \"xxx");
    assertThat(text.blocks().getLast()).isEqualTo(block("\"d\": null,", null, Kind.CODE));
  }

  @Test
  void brokenJsonIsReadAsTextWithAWarning() throws Exception {
    var text = extract("data.json", "{\"a\": 1,\n oops");

    assertThat(text.text()).isEqualTo("{\"a\": 1,\n oops");
    assertThat(text.warnings())
        .containsExactly("The file is no valid JSON and was read as plain text.");
  }

  @Test
  void codeKeepsItsIndentationAndIsDividedBetweenItsParts() throws Exception {
    var text =
        extract(
            "a.py", "import os\n\ndef f():\n    x = 1\n\n    return x\n\ndef g():\n\treturn 2\n");

    assertThat(text.blocks())
        .extracting(Block::text)
        .containsExactly(
            "import os", "def f():\n    x = 1\n\n    return x", "def g():\n\treturn 2");
  }

  @Test
  void textInUtf16IsReadByItsByteOrderMark() throws Exception {
    assertThat(extract("a.txt", "Grüße\n\nfrom 東京".getBytes(StandardCharsets.UTF_16)).blocks())
        .extracting(Block::text)
        .containsExactly("Grüße", "from 東京");
  }

  @Test
  void charactersThatCannotBeStoredGo() throws Exception {
    assertThat(extract("a.txt", "\ufeffa\u001bb\u00adc  \r\nd\u0085").text()).isEqualTo("abc\nd");
  }

  @Test
  void moreTextThanTheLimitIsInvalid() {
    assertThatThrownBy(
            () -> extract("a.txt", "abc\n\n".repeat(100).getBytes(StandardCharsets.UTF_8), 200))
        .isInstanceOfSatisfying(
            ExtractionException.class,
            e -> assertThat(e.code()).isEqualTo(ExtractionException.Code.INVALID_FILE))
        .hasMessage("The file has more than 200 characters of text, which is the limit.");
  }

  @Test
  void anEmptyFileIsInvalid() {
    assertThatThrownBy(() -> extract("a.txt", "")).hasMessage("The file is empty.");
  }

  @Test
  void aLineWithoutEndIsRead() throws Exception {
    var text = extract("a.txt", "ab ".repeat(900_000).getBytes(StandardCharsets.UTF_8), 10_000_000);

    assertThat(text.text().replaceAll("\\s", "")).hasSize(1_800_000);
    assertThat(List.copyOf(text.blocks())).isNotEmpty();
  }
}
