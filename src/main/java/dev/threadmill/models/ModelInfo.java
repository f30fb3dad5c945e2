package dev.threadmill.models;

/**
 * The abilities and the price of a model.
 *
 * @param name as clients call it
 * @param ownedBy the provider's name, shown in {@code GET /v1/models}
 * @param contextWindow in tokens, prompt and completion together
 * @param maxOutput the most tokens it writes in one answer
 * @param files whether it reads PDF documents as they are
 * @param tier {@code reasoner}, {@code fast}, {@code tiny} or another word; null if not configured
 * @param region where the provider keeps and processes the data, such as {@code eu}; null if not
 *     configured
 * @param price null if it is not known
 * @param speech whether it can answer with sound as well as text
 * @param webSearch whether its provider searches the web for it if a request asks for that
 */
public record ModelInfo(
    String name,
    String ownedBy,
    int contextWindow,
    int maxOutput,
    boolean tools,
    boolean images,
    boolean files,
    boolean audio,
    boolean reasoning,
    String tier,
    String region,
    Price price,
    boolean speech,
    boolean webSearch) {
  /** The owner of the models within the process of the server. */
  public static final String IN_PROCESS = "threadmill";

  /** A model that answers with text only. */
  public ModelInfo(
      String name,
      String ownedBy,
      int contextWindow,
      int maxOutput,
      boolean tools,
      boolean images,
      boolean files,
      boolean audio,
      boolean reasoning,
      String tier,
      String region,
      Price price) {
    this(
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        images,
        files,
        audio,
        reasoning,
        tier,
        region,
        price,
        false,
        false);
  }

  /** A model that reads no documents, without tier, region and price. */
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
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        images,
        false,
        audio,
        reasoning,
        null,
        null,
        null);
  }

  /** Whether the model runs within the process of the server, so that no data leaves it. */
  public boolean isInProcess() {
    return ownedBy.equals(IN_PROCESS);
  }

  /** The same model in this region. */
  public ModelInfo in(String itsRegion) {
    return new ModelInfo(
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        images,
        files,
        audio,
        reasoning,
        tier,
        itsRegion,
        price,
        speech,
        webSearch);
  }

  /** A model of another name that is described alike. */
  public ModelInfo named(String another, int window) {
    return new ModelInfo(
        another,
        ownedBy,
        window,
        Math.min(maxOutput, window),
        tools,
        images,
        files,
        audio,
        reasoning,
        tier,
        region,
        price,
        speech,
        webSearch);
  }

  /** The same model with another context window, which its output must fit into as well. */
  public ModelInfo withContextWindow(int tokens) {
    return named(name, tokens);
  }

  /** The same model as far as its provider takes these kinds of content. */
  public ModelInfo limitedTo(
      boolean takesImages, boolean takesFiles, boolean takesAudio, boolean speaks) {
    return new ModelInfo(
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        images && takesImages,
        files && takesFiles,
        audio && takesAudio,
        reasoning,
        tier,
        region,
        price,
        speech && speaks,
        webSearch);
  }

  /** The same model, which sees images or not. */
  public ModelInfo seeing(boolean seesImages) {
    return new ModelInfo(
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        seesImages,
        files,
        audio,
        reasoning,
        tier,
        region,
        price,
        speech,
        webSearch);
  }

  /** The same model at this price. */
  public ModelInfo priced(Price other) {
    return new ModelInfo(
        name,
        ownedBy,
        contextWindow,
        maxOutput,
        tools,
        images,
        files,
        audio,
        reasoning,
        tier,
        region,
        other,
        speech,
        webSearch);
  }
}
