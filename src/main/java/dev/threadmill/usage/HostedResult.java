package dev.threadmill.usage;

import java.math.BigDecimal;

/** Results of the hosted usage API, with the fields that the official SDKs require. */
final class HostedResult {
  private HostedResult() {}

  /** Of models that write. */
  record Completions(
      String object,
      long inputTokens,
      long inputCachedTokens,
      long inputUncachedTokens,
      long outputTokens,
      long numModelRequests,
      String projectId,
      String userId,
      String apiKeyId,
      String model,
      Boolean batch,
      String serviceTier) {
    static Completions of(UsageRow row) {
      return new Completions(
          "organization.usage.completions.result",
          row.inputTokens(),
          row.cachedTokens(),
          row.inputTokens() - row.cachedTokens(),
          row.outputTokens(),
          row.calls(),
          row.group().get(Dimension.PROJECT_ID),
          row.group().get(Dimension.USER_ID),
          row.group().get(Dimension.API_KEY_ID),
          row.group().get(Dimension.MODEL),
          null,
          null);
    }
  }

  /** Of models that only read. */
  record Prompts(
      String object,
      long inputTokens,
      long numModelRequests,
      String projectId,
      String userId,
      String apiKeyId,
      String model) {
    static Prompts of(String kind, UsageRow row) {
      return new Prompts(
          "organization.usage." + kind + ".result",
          row.inputTokens(),
          row.calls(),
          row.group().get(Dimension.PROJECT_ID),
          row.group().get(Dimension.USER_ID),
          row.group().get(Dimension.API_KEY_ID),
          row.group().get(Dimension.MODEL));
    }
  }

  /** Of the code interpreter. */
  record CodeSessions(String object, long numSessions, String projectId) {
    static CodeSessions of(UsageRow row) {
      return new CodeSessions(
          "organization.usage.code_interpreter_sessions.result",
          row.calls(),
          row.group().get(Dimension.PROJECT_ID));
    }
  }

  /** Of vector stores. */
  record Storage(String object, long usageBytes, String projectId) {
    static Storage of(StorageUsage.Row row) {
      return new Storage("organization.usage.vector_stores.result", row.bytes(), row.project());
    }
  }

  /**
   * Costs.
   *
   * @param lineItem the model
   */
  record Costs(String object, Amount amount, String lineItem, String projectId, String apiKeyId) {
    /** An amount of money. */
    record Amount(BigDecimal value, String currency) {}

    static Costs of(UsageRow row) {
      return new Costs(
          "organization.costs.result",
          new Amount(row.cost().dollars(), "usd"),
          row.group().get(Dimension.MODEL),
          row.group().get(Dimension.PROJECT_ID),
          row.group().get(Dimension.API_KEY_ID));
    }
  }
}
