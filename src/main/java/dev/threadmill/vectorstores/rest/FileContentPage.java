package dev.threadmill.vectorstores.rest;

import java.util.List;

/**
 * The text of a file as it was extracted.
 *
 * @param nextPage what the parameter {@code page} takes for the rest; null if there is none
 */
public record FileContentPage(
    String object, List<TextContent> data, boolean hasMore, String nextPage) {
  static FileContentPage of(List<String> texts, String nextPage) {
    return new FileContentPage(
        "vector_store.file_content.page",
        texts.stream().map(TextContent::of).toList(),
        nextPage != null,
        nextPage);
  }
}
