package dev.threadmill.tools.websearch;

import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/** The result of a search: a text for the model, and the results as a step shows them. */
final class SearchResults {
  private SearchResults() {}

  static ToolResult of(String query, List<WebPage> pages) {
    var text = new StringBuilder();
    var data = Json.MAPPER.createObjectNode().put("query", query);
    var results = data.putArray("results");
    for (var page : pages) {
      text.append(text.isEmpty() ? "" : "\n\n").append(page.title()).append('\n');
      text.append(page.url());
      if (page.published() != null) {
        text.append("\nPublished: ").append(page.published());
      }
      if (!page.snippet().isEmpty()) {
        text.append('\n').append(page.snippet());
      }
      var result = results.addObject().put("url", page.url()).put("title", page.title());
      result.put("snippet", page.snippet());
      if (page.published() != null) {
        result.put("published", page.published());
      }
    }
    if (pages.isEmpty()) {
      text.append("No page fits the query.");
    }
    return new ToolResult.Succeeded(
        text.toString(), List.of(new ToolResult.Detail(WebSearchSpec.TYPE, null, data)), List.of());
  }
}
