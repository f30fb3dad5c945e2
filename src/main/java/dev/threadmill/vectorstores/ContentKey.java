package dev.threadmill.vectorstores;

import dev.threadmill.api.Sha256;
import dev.threadmill.files.StoredFile;
import dev.threadmill.files.chunks.ChunkingStrategy;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The key of the chunks and vectors of a file: files with equal keys have equal chunks. The ending
 * of the name and the content type are part of it, since they select the format.
 */
final class ContentKey {
  /** Increased when the same file gives other chunks. */
  static final int VERSION = 2;

  private ContentKey() {}

  static String of(StoredFile file, ChunkingStrategy strategy, String model) {
    var name = file.filename();
    var ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    var source =
        String.join(
            "\n",
            Integer.toString(VERSION),
            file.projectId().value(),
            file.sha256(),
            ending,
            file.contentType(),
            Integer.toString(strategy.maxTokens()),
            Integer.toString(strategy.overlapTokens()),
            model);
    return HexFormat.of().formatHex(Sha256.of(source.getBytes(StandardCharsets.UTF_8)), 0, 20);
  }
}
