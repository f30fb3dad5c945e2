package dev.threadmill.models.response;

import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.Usage;
import java.util.List;

/**
 * Checks the tokens that a provider counted. Counts that are missing or impossible are replaced by
 * our own: budgets rest on them.
 */
final class UsageCheck {
  /** Models differ in their tokens, but not by more than this. */
  private static final int MAX_RATIO = 8;

  /** A token stands for so many characters at most, save for rows of spaces. */
  private static final int MAX_CHARACTERS_OF_A_TOKEN = 32;

  /** A count this much above our own is impossible, unless the context window has room for it. */
  private static final int MAX_EXCESS = 32;

  private final ModelRequest request;
  private final String text;
  private final String refusal;
  private final String reasoning;
  private final List<ModelToolCall> calls;

  private UsageCheck(
      ModelRequest request,
      String text,
      String refusal,
      String reasoning,
      List<ModelToolCall> calls) {
    this.request = request;
    this.text = text;
    this.refusal = refusal;
    this.reasoning = reasoning;
    this.calls = calls;
  }

  static UsageCheck of(
      ModelRequest request,
      String text,
      String refusal,
      String reasoning,
      List<ModelToolCall> calls) {
    return new UsageCheck(request, text, refusal, reasoning, calls);
  }

  /**
   * The usage to count.
   *
   * @param reported null if the provider did not count; a negative number where one is missing
   */
  Usage checked(Usage reported, int contextWindow) {
    if (reported == null) {
      return new Usage(ownPrompt(), ownCompletion(), ownReasoning());
    }
    long prompt = reported.promptTokens();
    if (isSuspicious(prompt, promptCharacters(), contextWindow)) {
      prompt = plausible(prompt, ownPrompt(), contextWindow);
    }
    long completion = reported.completionTokens();
    if (isSuspicious(completion, completionCharacters(), contextWindow)) {
      completion = plausible(completion, ownCompletion(), contextWindow);
    }
    long thought = Math.clamp(reported.reasoningTokens(), 0, completion);
    return new Usage(prompt, completion, thought)
        .withParts(
            reported.cachedTokens(),
            reported.audioPromptTokens(),
            reported.audioCompletionTokens(),
            reported.imageTokens());
  }

  private static boolean isSuspicious(long count, long characters, int window) {
    return count < 0 || count * MAX_CHARACTERS_OF_A_TOKEN < characters || count > window;
  }

  private static long plausible(long count, long own, int window) {
    boolean tooFew = count < own / MAX_RATIO || count <= 0 && own > 0;
    boolean tooMany = count > Math.max((long) MAX_RATIO * window, (long) MAX_EXCESS * own);
    return count < 0 || tooFew || tooMany ? own : count;
  }

  private long ownPrompt() {
    return TokenCounter.count(request);
  }

  private long ownCompletion() {
    return TokenCounter.countResponse(text, refusal, reasoning, calls);
  }

  private long ownReasoning() {
    return TokenCounter.count(reasoning);
  }

  private long completionCharacters() {
    long characters = text.length() + length(refusal) + length(reasoning);
    for (var call : calls) {
      characters += call.name().length() + call.arguments().length();
    }
    return characters;
  }

  private long promptCharacters() {
    long characters = 0;
    for (var message : request.messages()) {
      characters +=
          switch (message) {
            case ModelMessage.System system -> system.text().length();
            case ModelMessage.User user ->
                user.parts().stream().mapToLong(UsageCheck::characters).sum();
            case ModelMessage.Assistant assistant -> length(assistant.text());
            case ModelMessage.ToolResult result -> result.text().length();
          };
    }
    return characters;
  }

  private static long characters(ModelPart part) {
    return part instanceof ModelPart.Text(var text) ? text.length() : 0;
  }

  private static int length(String text) {
    return text == null ? 0 : text.length();
  }
}
