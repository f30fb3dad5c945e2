package dev.threadmill.vectorstores.search;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;

/**
 * The shares of meaning and words in a score, as clients set them: {@code
 * ranking_options.hybrid_search}.
 *
 * @param embeddingWeight of meaning, 0 to 1000
 * @param textWeight of words, 0 to 1000; not both are 0
 */
public record HybridSearch(Double embeddingWeight, Double textWeight) {
  private static final double MAX_WEIGHT = 1_000;

  public HybridSearch {
    Bounds.number(
        "embedding_weight", Bounds.required("embedding_weight", embeddingWeight), 0, MAX_WEIGHT);
    Bounds.number("text_weight", Bounds.required("text_weight", textWeight), 0, MAX_WEIGHT);
    if (embeddingWeight == 0 && textWeight == 0) {
      throw ApiException.invalid(
          "text_weight",
          "Invalid 'text_weight': 'embedding_weight' and 'text_weight' cannot both be 0.");
    }
  }

  /** The weights; the default ones for null. */
  public static SearchRequest.Weights weights(HybridSearch hybridSearch) {
    return hybridSearch == null
        ? SearchRequest.Weights.DEFAULT
        : new SearchRequest.Weights(hybridSearch.embeddingWeight(), hybridSearch.textWeight());
  }
}
