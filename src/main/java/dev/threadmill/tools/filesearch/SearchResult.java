package dev.threadmill.tools.filesearch;

import dev.threadmill.api.Json;
import dev.threadmill.assistants.FileSearchOptions;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.vectorstores.search.Passage;
import dev.threadmill.vectorstores.search.SearchRequest;
import java.util.List;

/** The result of a search: a text for the model, and the results as a step shows them. */
final class SearchResult {
  /** Passages beyond it are left out, so that one call does not fill the context window. */
  private static final int MAX_CHARACTERS = 80_000;

  private static final String DEFAULT_RANKER = "default_2024_08_21";

  private SearchResult() {}

  /**
   * @param number of the search in its thread
   * @param ranking what the specification says; null for nothing
   * @param isComplete whether all files of the thread are indexed
   */
  static ToolResult of(
      int number,
      List<Passage> passages,
      FileSearchOptions.RankingOptions ranking,
      SearchRequest request,
      boolean isComplete) {
    var text = new StringBuilder();
    var data = Json.MAPPER.createObjectNode();
    var options = data.putObject("ranking_options");
    options.put(
        "ranker", ranking == null || ranking.ranker() == null ? DEFAULT_RANKER : wire(ranking));
    options.put("score_threshold", request.scoreThreshold());
    var results = data.putArray("results");
    for (int i = 0; i < passages.size(); i++) {
      var passage = passages.get(i);
      if (i > 0 && text.length() + passage.text().length() > MAX_CHARACTERS) {
        break;
      }
      var place = number + ":" + i;
      append(text, place, passage);
      var result =
          results
              .addObject()
              .put("file_id", passage.file().value())
              .put("file_name", passage.filename())
              .put("score", passage.score())
              .put("place", place);
      if (passage.firstPage() != null) {
        result.put("page", passage.firstPage());
      }
      if (passage.heading() != null) {
        result.put("heading", passage.heading());
      }
      result.set("attributes", Json.MAPPER.valueToTree(passage.attributes()));
      result.putArray("content").addObject().put("type", "text").put("text", passage.text());
    }
    if (passages.isEmpty()) {
      text.append("No passage of the files fits the queries.\n");
    }
    if (!isComplete) {
      text.append("\nSome files of the thread are still being processed and were not searched.\n");
    }
    return new ToolResult.Succeeded(
        text.toString(),
        List.of(new ToolResult.Detail(ToolSpec.FileSearch.TYPE, null, data)),
        List.of());
  }

  private static String wire(FileSearchOptions.RankingOptions ranking) {
    return Json.MAPPER.valueToTree(ranking.ranker()).asText();
  }

  private static void append(StringBuilder text, String place, Passage passage) {
    text.append(text.isEmpty() ? "" : "\n\n").append('\u3010').append(place);
    text.append("\u2020source\u3011 ").append(passage.filename());
    if (passage.firstPage() != null) {
      text.append(", page ").append(passage.firstPage());
      if (passage.lastPage() != null && !passage.lastPage().equals(passage.firstPage())) {
        text.append(" to ").append(passage.lastPage());
      }
    }
    if (passage.heading() != null) {
      text.append(", ").append(passage.heading());
    }
    text.append('\n').append(passage.text());
  }
}
