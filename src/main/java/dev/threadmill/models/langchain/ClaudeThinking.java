package dev.threadmill.models.langchain;

import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel.AnthropicStreamingChatModelBuilder;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ToolChoice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The thinking parameters of Claude: newer models take an effort, older ones a budget of tokens.
 *
 * @param effort null where only a budget is sent
 * @param budget in tokens; with an effort, what the model may need
 */
record ClaudeThinking(String effort, int budget) {
  private static final int SMALLEST_BUDGET = 1_024;

  /** Models up to 4.5. */
  private static final Pattern OLD =
      Pattern.compile(
          "claude-(?:3-7-.*|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:[-@](?:latest|\\d{4}.*))?)");

  private static final Pattern WITHOUT_THINKING =
      Pattern.compile("claude-(?:2|3-[0-5]|3-[a-z]|instant).*");

  /**
   * The parameters of this call; empty if no reasoning is requested, or it would be refused: with a
   * forced tool, or behind calls without their thinking blocks.
   */
  static Optional<ClaudeThinking> of(String model, ModelRequest request) {
    var effort = request.reasoningEffort();
    if (effort == null
        || effort.equals("none")
        || WITHOUT_THINKING.matcher(model).matches()
        || isForced(request.toolChoice())
        || hasCallsWithoutThinking(request.messages())) {
      return Optional.empty();
    }
    int wanted =
        switch (effort) {
          case "minimal", "low" -> SMALLEST_BUDGET;
          case "medium" -> 8_192;
          case "high" -> 16_384;
          default -> 32_000;
        };
    if (!OLD.matcher(model).matches()) {
      return Optional.of(new ClaudeThinking(effort.equals("minimal") ? "low" : effort, wanted));
    }
    var bound = request.maxCompletionTokens();
    int budget = bound == null ? wanted : Math.min(wanted, bound / 2);
    return budget < SMALLEST_BUDGET
        ? Optional.empty()
        : Optional.of(new ClaudeThinking(null, budget));
  }

  void applyTo(AnthropicStreamingChatModelBuilder model) {
    if (effort == null) {
      model.thinkingType("enabled").thinkingBudgetTokens(budget);
    } else {
      model
          .thinkingType("adaptive")
          .thinkingDisplay("summarized")
          .customParameters(Map.of("output_config", Map.of("effort", effort)));
    }
  }

  private static boolean isForced(ToolChoice choice) {
    return choice != null && !choice.equals(ToolChoice.AUTO) && !choice.equals(ToolChoice.NONE);
  }

  /** Whether there are calls without thinking blocks behind the last message of the user. */
  private static boolean hasCallsWithoutThinking(List<ModelMessage> messages) {
    for (var message : messages.reversed()) {
      switch (message) {
        case ModelMessage.User _ -> {
          return false;
        }
        case ModelMessage.Assistant(_, var calls, var thoughts) -> {
          if (!calls.isEmpty() && thoughts == null) {
            return true;
          }
        }
        case ModelMessage.System _, ModelMessage.ToolResult _ -> {}
      }
    }
    return false;
  }
}
