package dev.threadmill.models;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a provider's refusals taught about one of its models. Requests are written accordingly.
 *
 * @param unsupported names of parameters that are left out
 * @param maxTokensField the parameter that limits the completion; null for the configured one
 * @param maxOutput the largest limit of the completion that is accepted; 0 if not known
 * @param contextWindow in tokens, prompt and completion together; 0 if not known
 * @param tokenRatio how many tokens of the model one token of our count makes, 1 or more
 * @param isStrict whether messages have to alternate between user and assistant and must not be
 *     blank
 * @param hasShortIds whether ids of tool calls have to be nine letters and digits
 * @param requiresReasoning whether messages with tool calls need the field of their reasoning
 */
public record ModelFacts(
    Set<String> unsupported,
    String maxTokensField,
    int maxOutput,
    int contextWindow,
    double tokenRatio,
    boolean isStrict,
    boolean hasShortIds,
    boolean requiresReasoning) {
  /** Stand for images, audio, files, and lists of parts among {@link #unsupported}. */
  public static final String IMAGES = "images";

  public static final String AUDIO = "audio";
  public static final String FILES = "files";
  public static final String PARTS = "content_parts";

  /** Nothing was learned. */
  public static final ModelFacts NONE =
      new ModelFacts(Set.of(), null, 0, 0, 1, false, false, false);

  public ModelFacts {
    unsupported = Set.copyOf(unsupported);
  }

  /** Whether a parameter may be sent. */
  public boolean supports(String parameter) {
    return !unsupported.contains(parameter);
  }

  /** Also without this parameter. */
  public ModelFacts without(String parameter) {
    var more = new LinkedHashSet<>(unsupported);
    more.add(parameter);
    return copy(more, maxTokensField, maxOutput, isStrict, hasShortIds, requiresReasoning);
  }

  /** With another name of the parameter that limits the completion. */
  public ModelFacts withMaxTokensField(String field) {
    return copy(unsupported, field, maxOutput, isStrict, hasShortIds, requiresReasoning);
  }

  /** With a bound for the limit of the completion. */
  public ModelFacts withMaxOutput(int tokens) {
    return copy(unsupported, maxTokensField, tokens, isStrict, hasShortIds, requiresReasoning);
  }

  /** With the size of the context window, and how tokens are counted in it. */
  public ModelFacts withContextWindow(int tokens, double ratio) {
    return new ModelFacts(
        unsupported,
        maxTokensField,
        maxOutput,
        tokens,
        ratio,
        isStrict,
        hasShortIds,
        requiresReasoning);
  }

  /** For a model with a strict template. */
  public ModelFacts strict() {
    return copy(unsupported, maxTokensField, maxOutput, true, hasShortIds, requiresReasoning);
  }

  /** For a provider that accepts short ids only. */
  public ModelFacts withShortIds() {
    return copy(unsupported, maxTokensField, maxOutput, isStrict, true, requiresReasoning);
  }

  /** For a provider that needs the reasoning that led to tool calls. */
  public ModelFacts withReasoning() {
    return copy(unsupported, maxTokensField, maxOutput, isStrict, hasShortIds, true);
  }

  private ModelFacts copy(
      Set<String> left, String field, int output, boolean strict, boolean ids, boolean reasoning) {
    return new ModelFacts(left, field, output, contextWindow, tokenRatio, strict, ids, reasoning);
  }

  /** The context window in tokens of our count; 0 if it is not known. */
  public int ownContextWindow() {
    return (int) (contextWindow / tokenRatio);
  }
}
