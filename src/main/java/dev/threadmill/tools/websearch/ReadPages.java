package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Reads the responses of search servers. */
final class ReadPages {
  private static final int MAX_URL = 1_900;
  private static final int MAX_TITLE = 300;
  private static final int MAX_PUBLISHED = 64;

  private ReadPages() {}

  /** The pages of a response that the query allows, best first, each once. */
  static List<WebPage> of(WebSearchConfig.Api api, JsonNode response, WebQuery query) {
    var results =
        switch (api) {
          case WEBHOOK, SEARXNG -> response.path("results");
          case BRAVE -> response.path("web").path("results");
        };
    var pages = new ArrayList<WebPage>();
    var seen = new HashSet<String>();
    for (var result : results) {
      var url = result.path("url").asText("").strip();
      if (isPage(url) && query.allows(url) && seen.add(url) && pages.size() < query.maxPages()) {
        var title = text(result.path("title"), MAX_TITLE);
        pages.add(
            new WebPage(
                url,
                title.isEmpty() ? url : title,
                snippet(api, result, query.maxSnippet()),
                published(api, result)));
      }
    }
    return pages;
  }

  private static boolean isPage(String url) {
    return (url.startsWith("https://") || url.startsWith("http://"))
        && url.length() <= MAX_URL
        && url.chars().allMatch(c -> c > ' ' && c != '\u007f');
  }

  private static String snippet(WebSearchConfig.Api api, JsonNode result, int max) {
    return switch (api) {
      case WEBHOOK -> text(result.path("snippet"), max);
      case SEARXNG -> text(result.path("content"), max);
      case BRAVE -> {
        var all = new StringBuilder(result.path("description").asText(""));
        result.path("extra_snippets").forEach(more -> all.append('\n').append(more.asText("")));
        yield clipped(all.toString(), max);
      }
    };
  }

  private static String published(WebSearchConfig.Api api, JsonNode result) {
    var field =
        switch (api) {
          case WEBHOOK -> "published";
          case SEARXNG -> "publishedDate";
          case BRAVE -> "page_age";
        };
    var text = text(result.path(field), MAX_PUBLISHED);
    return text.isEmpty() ? null : text;
  }

  private static String text(JsonNode node, int max) {
    return node.isValueNode() && !node.isNull() ? clipped(node.asText(), max) : "";
  }

  private static String clipped(String text, int max) {
    var storable = StorableText.of(text).strip();
    return storable.length() <= max ? storable : StorableText.of(storable.substring(0, max)) + "…";
  }
}
