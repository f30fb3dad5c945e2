package dev.threadmill.vectorstores;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Sha256;
import dev.threadmill.files.chunks.Chunk;
import dev.threadmill.files.chunks.Chunker;
import dev.threadmill.files.chunks.ChunkingStrategy;
import dev.threadmill.files.extraction.Block;
import dev.threadmill.files.extraction.BlockSink;
import dev.threadmill.files.extraction.ExtractedText;
import dev.threadmill.files.extraction.ReadText;
import dev.threadmill.files.extraction.TextFormat;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ContentKeyTest {
  private static final Map<TextFormat, String> FILES =
      Map.of(
          TextFormat.PLAIN,
          "The supplier gives notice six months before the end. ".repeat(40) + "\n\nSigned.\n",
          TextFormat.MARKDOWN,
          """
          # Guide
          Intro with | a bar, and 日本語の文章。これは例です。

          ## Install
          ```sh
          run | it
          ```
          | name | value |
          |------|-------|
          """
              + "| a longer name of a row | 12345 |\n".repeat(40),
          TextFormat.CODE,
          "int f() {\n  return 1;\n}\n\n".repeat(40),
          TextFormat.CSV,
          "id;name\n" + "7;\"Miller, Ann\"\n".repeat(60),
          TextFormat.JSON,
          "{\"a\": [" + "{\"b\": \"text\", \"c\": 1.5},".repeat(40) + "null]}");

  /** Nodes reuse stored chunks of an equal key, also those of an earlier release. */
  @Test
  void theVersionIncreasesWhenTheSameFileGivesOtherChunks() throws Exception {
    var all = new StringJoiner("\n");
    for (var format : new TreeSet<>(FILES.keySet())) {
      for (var chunk : chunks(format)) {
        all.add(format + " " + chunk);
      }
    }
    var digest =
        HexFormat.of().formatHex(Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8)), 0, 8);

    assertThat(digest)
        .as("other chunks than before: increase ContentKey.VERSION and set the digest here")
        .isEqualTo(Map.of(2, "537cfee2bcd1ef30").get(ContentKey.VERSION));
  }

  private static List<Chunk> chunks(TextFormat format) throws Exception {
    var sink = new Blocks(new ArrayList<>());
    ReadText.read(new StringReader(FILES.get(format)), format, sink);
    var text = new ExtractedText(format.mediaType(), sink.blocks(), List.of());
    return Chunker.chunk(text, new ChunkingStrategy(100, 30));
  }

  private record Blocks(List<Block> blocks) implements BlockSink {
    @Override
    public void accept(Block block) {
      blocks.add(block);
    }

    @Override
    public int maxCharacters() {
      return 1_000_000;
    }

    @Override
    public void warn(String sentence) {
      throw new AssertionError(sentence);
    }
  }
}
