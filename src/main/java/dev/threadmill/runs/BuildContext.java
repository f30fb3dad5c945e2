package dev.threadmill.runs;

import dev.threadmill.db.Jdbc;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.Models;
import dev.threadmill.models.Tokens;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts together what the model is sent: the instructions, then of the thread as much as the run's
 * truncation strategy, its budget of prompt tokens and the model's context window allow, the newest
 * always.
 */
@ApplicationScoped
class BuildContext {
  /** Part of the context window that is kept free for the answer if the run names no bound. */
  private static final int ANSWER_SHARE = 4;

  private static final int TOKENS_A_MESSAGE = 4;

  private final Models models;
  private final ThreadHistory history;
  private final Jdbc jdbc;

  BuildContext(Models models, ThreadHistory history, Jdbc jdbc) {
    this.models = models;
    this.history = history;
    this.jdbc = jdbc;
  }

  /** What comes of it. */
  sealed interface Context {}

  /** What the model is sent. */
  record Prompt(List<ModelMessage> messages, List<FunctionSpec> functions) implements Context {}

  /**
   * The run's budget is used up, so the model is not called.
   *
   * @param reason as {@code incomplete_details} names it
   */
  record NoRoom(String reason) implements Context {}

  /** The context of the run's next model call. */
  Context of(Progress progress) {
    var run = progress.run();
    var settings = run.settings();
    if (settings.maxCompletionTokens() != null
        && run.usage().completionTokens() >= settings.maxCompletionTokens()) {
      return new NoRoom("max_completion_tokens");
    }
    var functions = progress.toolbox().functions();
    int fixed = fixedTokens(settings.instructions(), functions);
    var model = models.named(settings.model()).info();
    int window = windowTokens(model, settings) - fixed;
    Integer budget = budgetLeft(run, fixed);
    if (budget != null && budget <= 0) {
      return new NoRoom("max_prompt_tokens");
    }
    int room = budget == null ? window : Math.min(window, budget);
    var strategy = settings.truncationStrategy();
    int most = strategy.lastMessages() == null ? Integer.MAX_VALUE : strategy.lastMessages();
    var newest = jdbc.onceUp(() -> history.newest(run, room, most));
    if (newest.isEmpty() && budget != null && budget < window) {
      return new NoRoom("max_prompt_tokens");
    }
    if (newest.isEmpty()) {
      // Too long for the model: it is the provider that has to say so.
      newest = jdbc.onceUp(() -> history.newest(run, Integer.MAX_VALUE, 1));
    }
    return new Prompt(messages(settings.instructions(), newest, model), functions);
  }

  private static List<ModelMessage> messages(
      String instructions, List<ThreadHistory.Entry> entries, ModelInfo model) {
    var messages = new ArrayList<ModelMessage>();
    if (!instructions.isBlank()) {
      messages.add(new ModelMessage.System(instructions));
    }
    for (var entry : entries) {
      for (var message : PromptMessages.of(entry, model)) {
        if (message instanceof ModelMessage.Assistant next
            && !messages.isEmpty()
            && messages.getLast() instanceof ModelMessage.Assistant last
            && last.toolCalls().isEmpty()
            && next.text() == null) {
          // What was said and what was called in one answer were one message of the model.
          messages.removeLast();
          messages.add(new ModelMessage.Assistant(last.text(), next.toolCalls()));
        } else {
          messages.add(message);
        }
      }
    }
    return messages;
  }

  private static int fixedTokens(String instructions, List<FunctionSpec> functions) {
    int tokens = Tokens.count(instructions) + TOKENS_A_MESSAGE;
    for (var function : functions) {
      tokens += Tokens.count(function);
    }
    return tokens;
  }

  private static int windowTokens(ModelInfo model, Run.Settings settings) {
    int answer =
        settings.maxCompletionTokens() != null
            ? settings.maxCompletionTokens()
            : Math.min(model.maxOutput(), model.contextWindow() / ANSWER_SHARE);
    return Math.max(model.contextWindow() - answer, model.contextWindow() / ANSWER_SHARE);
  }

  /** Prompt tokens that the run may still spend on its thread, which holds for all its calls. */
  private static Integer budgetLeft(Run run, int fixed) {
    var max = run.settings().maxPromptTokens();
    return max == null ? null : max - run.usage().promptTokens() - fixed;
  }
}
