package dev.threadmill.tools.websearch;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The settings of the search of the web, which runs do not have without an address. */
@ConfigMapping(prefix = "threadmill.web-search")
public interface WebSearchConfig {
  /**
   * THREADMILL_WEB_SEARCH_URL: the address that takes queries, path included, such as {@code
   * https://search.example.com/search}.
   */
  Optional<String> url();

  /** THREADMILL_WEB_SEARCH_SECRET: the credential of requests; none if it is not set. */
  Optional<String> secret();

  /** THREADMILL_WEB_SEARCH_API: the form of requests and responses. */
  @WithDefault("webhook")
  Api api();

  /** THREADMILL_WEB_SEARCH_TIMEOUT: how long one try of a search may take. */
  @WithDefault("15s")
  Duration timeout();

  /** The forms of requests and responses. */
  enum Api {
    /** A {@code POST} with JSON, see docs/tools.md. */
    WEBHOOK,
    /** Of the search engine SearXNG. */
    SEARXNG,
    /** Of the Brave Search API. */
    BRAVE
  }
}
