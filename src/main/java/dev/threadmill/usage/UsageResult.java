package dev.threadmill.usage;

import dev.threadmill.models.Money;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The usage of one group within a bucket. A dimension that results are not told apart by is null,
 * and so is one that does not apply to the calls.
 *
 * @param operation {@code run}, {@code chat}, {@code embeddings}, {@code moderations}, {@code
 *     rerank}, {@code summary} or {@code extraction}
 * @param inputCachedTokens the part of the input that providers had in their caches
 * @param cost in US dollars; null if the price of a model among them is not known
 * @param knownCost of the calls whose price is known
 * @param unpricedRequests how many calls have no known price
 * @param lostTokens reserved for calls of nodes that have died; budgets count them as used
 */
@Schema(name = "UsageResult")
public record UsageResult(
    String object,
    String projectId,
    String apiKeyId,
    String userId,
    String assistantId,
    String threadId,
    String runId,
    String model,
    String operation,
    long numModelRequests,
    long inputTokens,
    long inputCachedTokens,
    long outputTokens,
    long reasoningTokens,
    long totalTokens,
    Money cost,
    Money knownCost,
    long unpricedRequests,
    long lostTokens,
    Money lostCost,
    String currency) {
  /** A page of these results, for its description. */
  @Schema(name = "ProjectUsagePage")
  record Page(String object, List<PageBucket> data, boolean hasMore, String nextPage) {}

  /** A bucket of these results, for its description. */
  @Schema(name = "ProjectUsageBucket")
  record PageBucket(String object, long startTime, long endTime, List<UsageResult> results) {}

  static UsageResult of(UsageRow row) {
    var group = row.group();
    return new UsageResult(
        "project.usage.result",
        group.get(Dimension.PROJECT_ID),
        group.get(Dimension.API_KEY_ID),
        group.get(Dimension.USER_ID),
        group.get(Dimension.ASSISTANT_ID),
        group.get(Dimension.THREAD_ID),
        group.get(Dimension.RUN_ID),
        group.get(Dimension.MODEL),
        group.get(Dimension.OPERATION),
        row.calls(),
        row.inputTokens(),
        row.cachedTokens(),
        row.outputTokens(),
        row.reasoningTokens(),
        row.inputTokens() + row.outputTokens(),
        row.wholeCost(),
        row.cost(),
        row.unpricedCalls(),
        row.lostTokens(),
        row.lostCost(),
        "usd");
  }
}
