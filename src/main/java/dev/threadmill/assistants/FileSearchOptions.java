package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;

/** How vector stores are searched. What is null is left to the server. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FileSearchOptions(Integer maxNumResults, RankingOptions rankingOptions) {
  private static final int MAX_RESULTS = 50;

  public FileSearchOptions {
    Bounds.integer("max_num_results", maxNumResults, 1, MAX_RESULTS);
  }

  /**
   * How results are ranked.
   *
   * @param scoreThreshold results that score less are left out, 0 to 1
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record RankingOptions(Ranker ranker, Double scoreThreshold) {
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
