package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;
import dev.threadmill.vectorstores.search.AttributeFilter;
import dev.threadmill.vectorstores.search.HybridSearch;

/**
 * How vector stores are searched. What is null is left to the server.
 *
 * @param filters which files are searched, by their attributes; null for all
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FileSearchOptions(
    Integer maxNumResults, RankingOptions rankingOptions, AttributeFilter filters) {
  private static final int MAX_RESULTS = 50;

  public FileSearchOptions {
    Bounds.integer("max_num_results", maxNumResults, 1, MAX_RESULTS);
  }

  /**
   * How results are ranked.
   *
   * @param scoreThreshold results that score less are left out, 0 to 1
   * @param hybridSearch the shares of meaning and words in a score; null for the default ones
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record RankingOptions(Ranker ranker, Double scoreThreshold, HybridSearch hybridSearch) {
    public RankingOptions {
      Bounds.required("score_threshold", scoreThreshold);
      Bounds.number("score_threshold", scoreThreshold, 0, 1);
    }
  }

  /** The rankers that clients may name. All of them mean the only one there is. */
  public enum Ranker {
    @JsonProperty("auto")
    AUTO,
    @JsonProperty("default_2024_08_21")
    DEFAULT_2024_08_21
  }
}
