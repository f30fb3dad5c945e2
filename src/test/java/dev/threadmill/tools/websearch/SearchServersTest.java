package dev.threadmill.tools.websearch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.assistants.WebSearchSpec.ContextSize;
import dev.threadmill.tools.websearch.WebSearchConfig.Api;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What search servers are sent, and what is read of their responses. */
class SearchServersTest {
  private static WebQuery query(ContextSize size, List<String> allowed, List<String> blocked) {
    return new WebQuery(
        "rain & snow",
        new WebSearchSpec(
            new WebSearchSpec.Filters(allowed, blocked),
            new WebSearchSpec.UserLocation(null, "Graz", "AT", "Steiermark\n", "Europe/Vienna"),
            size));
  }

  private static SearchRequests.Written written(Api api, WebQuery query) {
    return SearchRequests.of(api, "https://s.example/search", Optional.of("key"), query, "call_1");
  }

  @Test
  void aWebhookIsSentTheWholeQueryAsJson() {
    var sent = written(Api.WEBHOOK, query(ContextSize.LOW, List.of("a.example"), null));

    assertThat(sent.method()).isEqualTo("POST");
    assertThat(sent.url()).isEqualTo("https://s.example/search");
    assertThat(sent.credentials()).containsEntry("Authorization", "Bearer key");
    assertThat(sent.headers()).containsEntry("Idempotency-Key", "call_1");
    assertThat(Json.tree(sent.body()))
        .isEqualTo(
            Json.tree(
                """
                {"query": "rain & snow", "max_results": 5, "search_context_size": "low",
                 "allowed_domains": ["a.example"],
                 "user_location": {"type": "approximate", "city": "Graz", "country": "AT",
                   "region": "Steiermark\\n", "timezone": "Europe/Vienna"}}"""));
  }

  @Test
  void searchEnginesAreSentTheHostsAsPartOfTheQuery() {
    var query = query(null, List.of("a.example", "*.b.example"), List.of("c.example"));

    assertThat(written(Api.SEARXNG, query).url())
        .startsWith("https://s.example/search?")
        .contains("format=json")
        .contains(
            "q=rain%20%26%20snow%20%28site%3Aa.example%20OR%20site%3Ab.example%29"
                + "%20-site%3Ac.example");
    var brave = written(Api.BRAVE, query);
    assertThat(brave.url()).contains("count=10").contains("country=AT");
    assertThat(brave.credentials()).containsEntry("X-Subscription-Token", "key");
    assertThat(brave.headers())
        .containsEntry("X-Loc-City", "Graz")
        .doesNotContainKey("X-Loc-State-Name");
  }

  @Test
  void pagesAreReadOfEachFormAndKeepToTheFilters() {
    var query = query(null, List.of("a.example"), List.of("bad.a.example"));
    var pages =
        ReadPages.of(
            Api.WEBHOOK,
            Json.tree(
                """
                {"results": [
                  {"title": "A", "url": "https://a.example/1", "snippet": "s", "published": "2026-11-01"},
                  {"title": "Again", "url": "https://a.example/1"},
                  {"url": "https://sub.a.example/2", "title": null, "snippet": {"no": "text"}},
                  {"title": "Blocked", "url": "https://bad.a.example/3"},
                  {"title": "Other", "url": "https://nota.example/4"},
                  {"title": "Script", "url": "javascript:alert(1)"},
                  {"title": "Broken", "url": "https://a.example/with space"}, 7, null]}"""),
            query);

    assertThat(pages)
        .containsExactly(
            new WebPage("https://a.example/1", "A", "s", "2026-11-01"),
            new WebPage("https://sub.a.example/2", "https://sub.a.example/2", "", null));
    assertThat(
            ReadPages.of(
                Api.SEARXNG,
                Json.tree(
                    """
                    {"results": [{"title": "A", "url": "https://a.example/1", "content": "s",
                      "publishedDate": "2026-11-01T00:00:00"}]}"""),
                query))
        .containsExactly(new WebPage("https://a.example/1", "A", "s", "2026-11-01T00:00:00"));
    assertThat(
            ReadPages.of(
                Api.BRAVE,
                Json.tree(
                    """
                    {"web": {"results": [{"title": "A", "url": "https://a.example/1",
                      "description": "s", "extra_snippets": ["t"], "page_age": "2026-11-01"}]}}"""),
                query))
        .containsExactly(new WebPage("https://a.example/1", "A", "s\nt", "2026-11-01"));
  }

  @Test
  void noMorePagesAndTextAreReadThanTheSizeAllows() {
    var results = Json.MAPPER.createObjectNode();
    var list = results.putArray("results");
    for (int i = 0; i < 100; i++) {
      list.addObject().put("url", "https://a.example/" + i).put("snippet", "x".repeat(10_000));
    }

    var pages = ReadPages.of(Api.WEBHOOK, results, query(ContextSize.HIGH, null, null));

    assertThat(pages).hasSize(20).allMatch(page -> page.snippet().length() == 4_001);
  }
}
