package dev.threadmill.vectorstores.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.StorableText;
import dev.threadmill.vectorstores.search.AttributeFilter;
import dev.threadmill.vectorstores.search.HybridSearch;
import dev.threadmill.vectorstores.search.RewriteQuery;
import dev.threadmill.vectorstores.search.SearchRequest;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The body of {@code POST /v1/vector_stores/{vector_store_id}/search}.
 *
 * @param query a text or a list of texts
 * @param rewriteQuery whether the texts are questions to a person, of which queries are made
 */
record SearchVectorStore(
    JsonNode query,
    Boolean rewriteQuery,
    Integer maxNumResults,
    AttributeFilter filters,
    RankingOptions rankingOptions) {
  private static final int DEFAULT_RESULTS = 10;

  SearchVectorStore {
    Bounds.required("query", query);
    Bounds.integer("max_num_results", maxNumResults, 1, SearchRequest.MAX_RESULTS);
    texts(query);
  }

  /**
   * How passages are ranked.
   *
   * @param scoreThreshold passages that score less are left out, 0 to 1
   */
  record RankingOptions(Ranker ranker, Double scoreThreshold, HybridSearch hybridSearch) {
    RankingOptions {
      Bounds.number("score_threshold", scoreThreshold, 0, 1);
    }
  }

  /**
   * The rankers that clients may name. {@code none} leaves out the re-ranking; all others mean the
   * one that the server has, if it has one.
   */
  @Schema(enumeration = {"none", "auto", "default-2024-11-15", "default_2024_08_21"})
  enum Ranker {
    @JsonProperty("none")
    NONE,
    @JsonProperty("auto")
    AUTO,
    @JsonProperty("default-2024-11-15")
    DEFAULT_2024_11_15,
    @JsonProperty("default_2024_08_21")
    DEFAULT_2024_08_21
  }

  private static List<String> texts(JsonNode query) {
    var texts = new ArrayList<String>();
    if (query.isTextual()) {
      texts.add(text("query", query));
    } else if (query.isArray()) {
      if (query.isEmpty() || query.size() > SearchRequest.MAX_QUERIES) {
        throw ApiException.invalid(
            "query",
            "Invalid 'query': expected an array of 1 to %d strings, got %d."
                .formatted(SearchRequest.MAX_QUERIES, query.size()));
      }
      for (int i = 0; i < query.size(); i++) {
        texts.add(text("query[%d]".formatted(i), query.get(i)));
      }
    } else {
      throw invalidType("query");
    }
    return texts;
  }

  private static String text(String param, JsonNode node) {
    if (!node.isTextual()) {
      throw invalidType(param);
    }
    Bounds.requiredText(param, node.textValue(), SearchRequest.MAX_QUERY);
    if (node.textValue().isBlank()) {
      throw ApiException.invalid(param, "Invalid '%s': the text is blank.".formatted(param));
    }
    return StorableText.require(param, node.textValue());
  }

  private static ApiException invalidType(String param) {
    return ApiException.invalid(
        param,
        "invalid_type",
        "Invalid type for '%s': expected a string or an array of strings.".formatted(param));
  }

  SearchRequest toRequest() {
    var texts = texts(query);
    boolean hasOptions = rankingOptions != null;
    return new SearchRequest(
        Boolean.TRUE.equals(rewriteQuery)
            ? texts.stream().map(RewriteQuery::rewrite).toList()
            : texts,
        filters,
        maxNumResults == null ? DEFAULT_RESULTS : maxNumResults,
        hasOptions && rankingOptions.scoreThreshold() != null ? rankingOptions.scoreThreshold() : 0,
        HybridSearch.weights(hasOptions ? rankingOptions.hybridSearch() : null),
        !hasOptions || rankingOptions.ranker() != Ranker.NONE);
  }
}
