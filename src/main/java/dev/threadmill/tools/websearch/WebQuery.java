package dev.threadmill.tools.websearch;

import dev.threadmill.assistants.WebSearchSpec;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What is searched for.
 *
 * @param text as the model wrote it
 */
record WebQuery(String text, WebSearchSpec spec) {
  /** The most pages that the model is given. */
  int maxPages() {
    return switch (spec.effectiveSize()) {
      case LOW -> 5;
      case MEDIUM -> 10;
      case HIGH -> 20;
    };
  }

  /** The most characters of a snippet. */
  int maxSnippet() {
    return switch (spec.effectiveSize()) {
      case LOW -> 500;
      case MEDIUM -> 1_500;
      case HIGH -> 4_000;
    };
  }

  /** The text with the operators by which search engines keep to hosts. */
  String textWithSites() {
    var filters = spec.effectiveFilters();
    var sites =
        filters.allowed().stream()
            .map(domain -> "site:" + bare(domain))
            .collect(Collectors.joining(" OR "));
    var text = new StringBuilder(this.text);
    if (!sites.isEmpty()) {
      text.append(filters.allowed().size() == 1 ? " " + sites : " (" + sites + ")");
    }
    filters.blocked().forEach(domain -> text.append(" -site:").append(bare(domain)));
    return text.toString();
  }

  /** Whether the filters allow a page, whatever the search server does with them. */
  boolean allows(String url) {
    String host;
    try {
      host = new URI(url).getHost();
    } catch (URISyntaxException e) {
      return false;
    }
    if (host == null) {
      return false;
    }
    var name = host.toLowerCase(Locale.ROOT);
    var filters = spec.effectiveFilters();
    return (filters.allowed().isEmpty() || isBelow(name, filters.allowed()))
        && !isBelow(name, filters.blocked());
  }

  private static boolean isBelow(String host, List<String> domains) {
    return domains.stream()
        .map(WebQuery::bare)
        .anyMatch(domain -> host.equals(domain) || host.endsWith("." + domain));
  }

  private static String bare(String domain) {
    var lower = domain.toLowerCase(Locale.ROOT);
    return lower.startsWith("*.") ? lower.substring(2) : lower;
  }
}
