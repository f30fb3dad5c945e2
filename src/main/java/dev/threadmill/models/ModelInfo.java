package dev.threadmill.models;

/**
 * What a model can do and what it costs, as data.
 *
 * @param name as clients call it
 * @param ownedBy the provider's name, shown in {@code GET /v1/models}
 * @param contextWindow in tokens, prompt and completion together
 * @param maxOutput the most tokens it writes in one answer
 * @param tier {@code reasoner}, {@code fast}, {@code tiny} or a word of the operator's; null if not
 *     configured
 * @param region where the provider keeps and computes the data, such as {@code eu}; null if not
 *     configured
 * @param price null if not configured, which means not known and not free
 */
public record ModelInfo(
    String name,
    String ownedBy,
    int contextWindow,
    int maxOutput,
    boolean tools,
    boolean images,
    boolean audio,
    boolean reasoning,
    String tier,
    String region,
    Price price) {

  /** A model without tier, region and price. */
  public ModelInfo(
      String name,
      String ownedBy,
      int contextWindow,
      int maxOutput,
      boolean tools,
      boolean images,
      boolean audio,
      boolean reasoning) {
    this(
        name, ownedBy, contextWindow, maxOutput, tools, images, audio, reasoning, null, null, null);
  }

  /** What tokens cost, in US dollars a million. */
  public record Price(double input, double output) {
    public static final Price FREE = new Price(0, 0);

    /** What this use has cost, in US dollars. */
    public double of(Usage usage) {
      return (usage.promptTokens() * input + usage.completionTokens() * output) / 1_000_000;
    }
  }
}
