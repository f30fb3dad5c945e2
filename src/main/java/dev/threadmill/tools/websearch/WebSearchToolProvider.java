package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Searches of the web, by the search server of this installation. A model whose provider searches
 * itself is offered no function: its calls ask the provider to search.
 */
@Singleton
class WebSearchToolProvider implements ToolProvider<WebSearchSpec> {
  private static final int MAX_QUERY = 400;
  private static final String DESCRIPTION =
      """
      Searches the web. Call it for what is recent, may have changed, or is not known for certain.
      The query is what one types into a search engine; call it again with another query if the
      results do not answer the question. The results are pages with their addresses. Cite each page
      that supports a statement right behind the statement by a Markdown link with the address of
      the page, unchanged, and cite no other addresses.""";

  private final SearchWeb searchWeb;
  private final ModelRegistry models;
  private final FunctionSpec function =
      new FunctionSpec(WebSearchSpec.TYPE, DESCRIPTION.replace('\n', ' '), parameters(), null);

  WebSearchToolProvider(SearchWeb searchWeb, ModelRegistry models) {
    this.searchWeb = searchWeb;
    this.models = models;
  }

  private static JsonNode parameters() {
    var schema =
        Json.MAPPER.createObjectNode().put("type", "object").put("additionalProperties", false);
    schema
        .putObject("properties")
        .putObject("query")
        .put("type", "string")
        .put("maxLength", MAX_QUERY)
        .put("description", "What to search for.");
    schema.putArray("required").add("query");
    return schema;
  }

  @Override
  public Class<WebSearchSpec> spec() {
    return WebSearchSpec.class;
  }

  @Override
  public Optional<String> objection(String model, WebSearchSpec spec) {
    if (searchWeb.url().isPresent() || isHosted(model, spec)) {
      return Optional.empty();
    }
    return Optional.of(
        "this server has no web search for this request (THREADMILL_WEB_SEARCH_URL).");
  }

  private boolean isHosted(String model, WebSearchSpec spec) {
    return model != null
        && models.find(model).filter(found -> HostedSearch.serves(spec, found.info())).isPresent();
  }

  @Override
  public ToolOffer tools(ToolScope scope, WebSearchSpec spec) {
    if (isHosted(scope.model(), spec)) {
      return ToolOffer.of(List.of());
    }
    return objection(scope.model(), spec)
        .or(() -> scope.domains().objection(host()))
        .map(
            reason ->
                new ToolOffer(
                    List.of(), List.of("The model is not offered 'web_search': " + reason)))
        .orElseGet(() -> ToolOffer.of(List.of(new WebSearchTool(function, spec, searchWeb))));
  }

  private String host() {
    return URI.create(searchWeb.url().orElseThrow()).getHost().toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean offers(WebSearchSpec spec, String functionName) {
    return functionName.equals(WebSearchSpec.TYPE);
  }
}
