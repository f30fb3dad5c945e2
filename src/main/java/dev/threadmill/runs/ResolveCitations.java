package dev.threadmill.runs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.runs.execution.MarkerResolver;
import dev.threadmill.runs.store.CallType;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.threads.Annotation;
import dev.threadmill.tools.code.Container;
import dev.threadmill.tools.code.LinkedFiles;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Resolves the markers in answers, such as {@code 【4:0†source】}, to the results of file searches
 * that the model was given in the thread, links to files that code has made to these files, and
 * addresses of pages to the results of searches of the web. What names none of them stays text.
 */
@ApplicationScoped
class ResolveCitations {
  private static final Pattern MARKER =
      Pattern.compile("\u3010\\s*(\\d{1,6}):(\\d{1,6})\\s*(?:\u2020[^\u3011]*)?\u3011");

  private static final String PUNCTUATION = ".,:;!?*_";

  private final ToolCallStore toolCalls;
  private final LinkedFiles linkedFiles;

  ResolveCitations(ToolCallStore toolCalls, LinkedFiles linkedFiles) {
    this.toolCalls = toolCalls;
    this.linkedFiles = linkedFiles;
  }

  /** The resolver of one model call. It reads the results of the thread at the first marker. */
  MarkerResolver of(Run run) {
    return new MarkerResolver() {
      private Map<String, JsonNode> results;
      private Map<String, Annotation.PageReference> pages;

      @Override
      public boolean resolvesUrls() {
        return run.settings().tools().stream().anyMatch(WebSearchSpec.class::isInstance);
      }

      @Override
      public Optional<Annotation> resolve(String marker, int start, int end) {
        if (marker.startsWith("http")) {
          if (pages == null) {
            pages = readPages(run);
          }
          return page(pages, marker, start);
        }
        if (marker.startsWith(LinkedFiles.PREFIX)) {
          return linkedFiles.resolve(run.projectId(), codeThread(run), marker, start);
        }
        var place = MARKER.matcher(marker);
        if (!place.matches()) {
          return Optional.empty();
        }
        if (results == null) {
          results = read(run);
        }
        return Optional.ofNullable(results.get(place.group(1) + ":" + place.group(2)))
            .map(result -> citation(result, marker, start, end));
      }
    };
  }

  /** The thread whose session the code of the run uses. */
  private static ThreadId codeThread(Run run) {
    for (var tool : run.settings().tools()) {
      if (tool instanceof ToolSpec.CodeInterpreter code && code.container() != null) {
        return Container.threadOf(code.container());
      }
    }
    return run.threadId();
  }

  private Map<String, JsonNode> read(Run run) {
    var results = new HashMap<String, JsonNode>();
    for (var search : toolCalls.searches(run.threadId(), CallType.FILE_SEARCH)) {
      for (var result : search.path("results")) {
        results.put(result.path("place").asText(), result);
      }
    }
    return results;
  }

  /** The pages that searches of the web have found, by their addresses. */
  private Map<String, Annotation.PageReference> readPages(Run run) {
    var pages = new HashMap<String, Annotation.PageReference>();
    for (var search : toolCalls.searches(run.threadId(), CallType.WEB_SEARCH)) {
      for (var result : search.path("results")) {
        var url = result.path("url").asText();
        pages.put(
            withoutSlash(url), new Annotation.PageReference(url, result.path("title").asText()));
      }
    }
    return pages;
  }

  private static String withoutSlash(String url) {
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  /** Punctuation behind an address belongs to the sentence unless the page's address has it. */
  private static Optional<Annotation> page(
      Map<String, Annotation.PageReference> pages, String link, int start) {
    for (int end = link.length(); end > 0; end--) {
      var url = link.substring(0, end);
      var page = pages.get(withoutSlash(url));
      if (page != null) {
        return Optional.of(
            new Annotation.UrlCitation(
                url, start, start + url.codePointCount(0, url.length()), page));
      }
      if (PUNCTUATION.indexOf(link.charAt(end - 1)) < 0) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  private static Annotation citation(JsonNode result, String marker, int start, int end) {
    var page = result.path("page");
    var heading = result.path("heading");
    return new Annotation.FileCitation(
        marker,
        start,
        end,
        new Annotation.FileReference(result.path("file_id").asText()),
        page.isMissingNode() && heading.isMissingNode()
            ? null
            : new Annotation.Location(
                page.isInt() ? page.intValue() : null,
                heading.isTextual() ? heading.textValue() : null));
  }
}
