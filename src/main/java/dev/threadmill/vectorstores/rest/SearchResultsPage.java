package dev.threadmill.vectorstores.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.vectorstores.Attributes;
import dev.threadmill.vectorstores.search.Passage;
import java.util.List;

/**
 * What a search found, best first.
 *
 * @param searchQuery what was searched for
 */
public record SearchResultsPage(
    String object, List<String> searchQuery, List<Result> data, boolean hasMore, String nextPage) {

  /**
   * A passage.
   *
   * @param page the page of its first text, from 1; left out if the format has no pages
   * @param heading the headings above it; left out if there are none
   */
  public record Result(
      String fileId,
      String filename,
      double score,
      Attributes attributes,
      List<TextContent> content,
      @JsonInclude(JsonInclude.Include.NON_NULL) Integer page,
      @JsonInclude(JsonInclude.Include.NON_NULL) String heading) {}

  static SearchResultsPage of(List<String> queries, List<Passage> passages) {
    return new SearchResultsPage(
        "vector_store.search_results.page",
        queries,
        passages.stream()
            .map(
                passage ->
                    new Result(
                        passage.file().value(),
                        passage.filename(),
                        passage.score(),
                        passage.attributes(),
                        List.of(TextContent.of(passage.text())),
                        passage.firstPage(),
                        passage.heading()))
            .toList(),
        false,
        null);
  }
}
