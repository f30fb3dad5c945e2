package dev.threadmill.runs.context;

import static java.util.stream.Collectors.toUnmodifiableSet;

import dev.threadmill.db.Jdbc;
import dev.threadmill.guard.StrictSafety;
import dev.threadmill.memory.MemoryPolicy;
import dev.threadmill.memory.MemoryReferences;
import dev.threadmill.memory.RetrieveMemory;
import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.registry.ModelRegistry;
import dev.threadmill.privacy.PromptPrivacy;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.store.HistoryStart;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.runs.store.SentContext;
import dev.threadmill.runs.store.TruncationStrategy;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the prompt of a model call: the instructions, then the newest entries of the thread, as
 * many as the run's truncation strategy, its limit of prompt tokens and the model's context window
 * allow. The memory represents the entries that are left out.
 */
@ApplicationScoped
public class BuildContext {
  /** Part of the context window that is kept free for the answer if the run names no bound. */
  private static final int ANSWER_SHARE = 4;

  /** Part of the tokens for the thread that its memory may use. */
  private static final int MEMORY_SHARE = 4;

  /** From this share of the window on a thread may soon have messages that it does not show. */
  private static final double NEAR_END = 0.6;

  private static final int MOST_MEMORY_TOKENS = 4_000;
  private static final int TOKENS_A_MESSAGE = 4;

  /** How many characters of text take as much heap as one character of a schema. */
  private static final long SCHEMA_WEIGHT = 3;

  /** Why a run without truncation fails. */
  private static final String TOO_LONG =
      "Your input exceeds the context window of this model. Please adjust your input and try again.";

  private final ModelRegistry models;
  private final ThreadHistory history;
  private final RetrieveMemory memory;
  private final PromptFiles files;
  private final FindHistoryStart findHistoryStart;
  private final PromptPrivacy privacy;
  private final Jdbc jdbc;

  public BuildContext(
      ModelRegistry models,
      ThreadHistory history,
      RetrieveMemory memory,
      PromptFiles files,
      FindHistoryStart findHistoryStart,
      PromptPrivacy privacy,
      Jdbc jdbc) {
    this.privacy = privacy;
    this.models = models;
    this.history = history;
    this.memory = memory;
    this.files = files;
    this.findHistoryStart = findHistoryStart;
    this.jdbc = jdbc;
  }

  /** The result: a prompt, or the reason why there is none. */
  public sealed interface Context {}

  /** The messages and functions to send to the model. */
  public record Prompt(List<ModelMessage> messages, List<FunctionSpec> functions)
      implements Context {}

  /**
   * The run's limit of tokens is used up, so the model is not called.
   *
   * @param reason as {@code incomplete_details} names it
   */
  public record TokensUsedUp(String reason) implements Context {}

  /**
   * The context of the run's next model call.
   *
   * @param permit acquired for the prompt, in characters
   */
  public Context of(RunExecution progress, PromptPermits.Permit permit)
      throws InterruptedException {
    var run = progress.run();
    var settings = run.settings();
    if (settings.tokenLimits().maxCompletionTokens() != null
        && run.usage().completionTokens() >= settings.tokenLimits().maxCompletionTokens()) {
      return new TokensUsedUp("max_completion_tokens");
    }
    var functions = progress.functions();
    int fixed = fixedTokens(settings.sentInstructions(), functions);
    var model = privacy.limited(run.projectId(), models.require(settings.model()).info());
    var start = start(progress);
    int summarized =
        start.summary() == null ? 0 : TokenCounter.count(start.summary()) + TOKENS_A_MESSAGE;
    int window = windowTokens(model, settings) - fixed - summarized;
    Integer tokensLeft = promptTokensLeft(run, fixed + summarized);
    if (tokensLeft != null && tokensLeft <= 0) {
      return new TokensUsedUp("max_prompt_tokens");
    }
    int room = tokensLeft == null ? window : Math.min(window, tokensLeft);
    var strategy = settings.truncationStrategy();
    int most = strategy.lastMessages() == null ? Integer.MAX_VALUE : strategy.lastMessages();
    permit.setBeside(characters(functions));
    var newest = newest(progress, start, room, most, permit);
    if (strategy.equals(TruncationStrategy.DISABLED) && newest.isCut()) {
      throw new ContextWindowException(TOO_LONG);
    }
    if (newest.entries().isEmpty() && tokensLeft != null && tokensLeft < window) {
      return new TokensUsedUp("max_prompt_tokens");
    }
    if (newest.entries().isEmpty()) {
      // The newest message alone exceeds the window. It is sent, and the provider refuses it.
      newest = newest(progress, start, Integer.MAX_VALUE, 1, permit);
    }
    var remembered = remembered(progress, newest, room);
    var memoryText = remembered.text();
    var shown =
        memoryText.isEmpty() ? newest : newest.within(room - TokenCounter.count(memoryText));
    long left = room - tokensOf(shown) - TokenCounter.count(memoryText);
    var entries = withFiles(progress, shown.entries(), model, left, permit);
    var messages =
        privacy.apply(
            run.projectId(),
            run.threadId(),
            messages(settings, memoryText, start.summary(), entries, model));
    var prompt = new Prompt(messages, functions);
    var cutBy = shown.isCut() ? cutBy(shown, strategy, tokensLeft, window) : null;
    progress.setSentContext(
        new SentContext(
            settings.model(),
            sentWindow(shown, cutBy),
            MemoryReferences.of(remembered),
            PromptDigest.of(prompt.messages(), prompt.functions())));
    return prompt;
  }

  /** Looked for once in an attempt. */
  private HistoryStart start(RunExecution progress) {
    var known = progress.historyStart();
    if (known != null) {
      return known;
    }
    var run = progress.run();
    var start =
        run.settings().opening().mayHaveSummary()
            ? jdbc.whenAvailable(() -> findHistoryStart.of(run.threadId(), null))
            : HistoryStart.BEGINNING;
    progress.setHistoryStart(start);
    return start;
  }

  /** Of the schemas, which are trees of small values and take more heap than as much text. */
  private static long characters(List<FunctionSpec> functions) {
    return functions.stream()
        .filter(function -> function.parameters() != null)
        .mapToLong(function -> SCHEMA_WEIGHT * function.parameters().toString().length())
        .sum();
  }

  private ThreadHistory.Window newest(
      RunExecution progress, HistoryStart start, int room, int most, PromptPermits.Permit permit)
      throws InterruptedException {
    var run = progress.run();
    var initialMessages = progress.live().initialMessages();
    if (initialMessages != null && progress.turns() == 0 && start.equals(HistoryStart.BEGINNING)) {
      permit.acquireFor(
          initialMessages.stream().mapToLong(m -> ContentPart.sizeInCharacters(m.content())).sum());
      return ThreadHistory.newestOf(initialMessages, room, most);
    }
    var range = ThreadHistory.Range.from(start.from());
    var chosen = jdbc.whenAvailable(() -> history.select(run, range, room, most));
    long limit = permit.acquireFor(chosen.expected());
    var read = jdbc.whenAvailable(() -> history.newest(run, range, chosen, room, limit));
    while (read.isEmpty()) {
      // The estimate was too low: compressed content or tool outputs were larger than expected.
      long more = permit.grow();
      read = jdbc.whenAvailable(() -> history.newest(run, range, chosen, room, more));
    }
    return read.get();
  }

  /**
   * The entries with the content of the files that they refer to.
   *
   * @param tokens what the texts of files may cost
   */
  private List<HistoryEntry> withFiles(
      RunExecution progress,
      List<HistoryEntry> entries,
      ModelInfo model,
      long tokens,
      PromptPermits.Permit permit)
      throws InterruptedException {
    var maxTokens = (int) Math.clamp(tokens, 0, Integer.MAX_VALUE);
    var loading = files.plan(progress.run().projectId(), entries, model, maxTokens);
    if (loading.isEmpty()) {
      return entries;
    }
    permit.acquireFor(loading.characters());
    return progress.live().interruptibly(loading::load);
  }

  private static long tokensOf(ThreadHistory.Window window) {
    return window.entries().stream().mapToLong(HistoryEntry::tokens).sum();
  }

  /**
   * Retrieves the memory, which may use at most a quarter of the tokens; the window has the rest.
   */
  private RetrieveMemory.Result remembered(
      RunExecution progress, ThreadHistory.Window window, int room) throws InterruptedException {
    var run = progress.run();
    var policy = MemoryPolicy.of(run.settings().memory());
    boolean wanted =
        window.isCut()
            && (policy.isExplicit() || run.settings().truncationStrategy().lastMessages() == null);
    var messages =
        window.entries().stream()
            .filter(HistoryEntry.MessageEntry.class::isInstance)
            .map(HistoryEntry.MessageEntry.class::cast)
            .toList();
    var request =
        new RetrieveMemory.Request(
            run.projectId(),
            run.threadId(),
            run.assistantId(),
            policy,
            wanted,
            tokensOf(window) > room * NEAR_END,
            () ->
                messages.stream().map(message -> message.id().value()).collect(toUnmodifiableSet()),
            latestUserMessage(messages),
            Math.min(room / MEMORY_SHARE, MOST_MEMORY_TOKENS));
    return progress.live().interruptibly(() -> memory.retrieve(request));
  }

  private static String latestUserMessage(List<HistoryEntry.MessageEntry> messages) {
    return messages.reversed().stream()
        .filter(message -> message.role() == Message.Role.USER)
        .findFirst()
        .map(message -> ContentPart.textOf(message.content()))
        .orElse(null);
  }

  private static String cutBy(
      ThreadHistory.Window shown, TruncationStrategy strategy, Integer tokensLeft, int window) {
    long messageCount =
        shown.entries().stream().filter(HistoryEntry.MessageEntry.class::isInstance).count();
    if (strategy.lastMessages() != null && messageCount >= strategy.lastMessages()) {
      return "last_messages";
    }
    return tokensLeft != null && tokensLeft < window ? "max_prompt_tokens" : "context_window";
  }

  private static SentContext.Window sentWindow(ThreadHistory.Window shown, String cutBy) {
    var entries = shown.entries();
    if (entries.isEmpty()) {
      return null;
    }
    return new SentContext.Window(
        SentContext.Window.micros(entries.getFirst().at()),
        SentContext.Window.micros(entries.getLast().at()),
        entries.size(),
        entries.stream().mapToInt(HistoryEntry::tokens).sum(),
        cutBy);
  }

  /**
   * @param memoryText the memory as text for the model; empty if there is none
   * @param summary of what is before the entries; null if none stands for it
   */
  static List<ModelMessage> messages(
      RunSettings settings,
      String memoryText,
      String summary,
      List<HistoryEntry> entries,
      ModelInfo model) {
    var messages = new ArrayList<ModelMessage>();
    var instructions = settings.sentInstructions();
    if (!instructions.isBlank() || !memoryText.isEmpty()) {
      // One message: not every provider takes two of this kind.
      var gap = instructions.isBlank() || memoryText.isEmpty() ? "" : "\n\n";
      messages.add(
          new ModelMessage.System((instructions.isBlank() ? "" : instructions) + gap + memoryText));
    }
    if (summary != null) {
      messages.add(PromptMessages.ofSummary(summary));
    }
    for (var entry : entries) {
      for (var message : PromptMessages.of(entry, model)) {
        if (message instanceof ModelMessage.Assistant next
            && !messages.isEmpty()
            && messages.getLast() instanceof ModelMessage.Assistant last
            && last.toolCalls().isEmpty()
            && !next.toolCalls().isEmpty()) {
          // The text of an answer and its calls were one message of the model.
          messages.removeLast();
          messages.add(
              new ModelMessage.Assistant(
                  joined(last.text(), next.text()), next.toolCalls(), next.thoughts()));
        } else {
          messages.add(safe(settings, message));
        }
      }
    }
    return messages;
  }

  private static ModelMessage safe(RunSettings settings, ModelMessage message) {
    var policy = settings.safetyPolicy(() -> {});
    return policy != null && message instanceof ModelMessage.ToolResult(var call, var text)
        ? new ModelMessage.ToolResult(call, StrictSafety.output(policy, text))
        : message;
  }

  private static String joined(String first, String second) {
    return second == null ? first : first + "\n\n" + second;
  }

  private static int fixedTokens(String instructions, List<FunctionSpec> functions) {
    int tokens = TokenCounter.count(instructions) + TOKENS_A_MESSAGE;
    for (var function : functions) {
      tokens += TokenCounter.count(function);
    }
    return tokens;
  }

  private static int windowTokens(ModelInfo model, RunSettings settings) {
    int answer =
        settings.tokenLimits().maxCompletionTokens() != null
            ? settings.tokenLimits().maxCompletionTokens()
            : Math.min(model.maxOutput(), model.contextWindow() / ANSWER_SHARE);
    return Math.max(model.contextWindow() - answer, model.contextWindow() / ANSWER_SHARE);
  }

  /**
   * Prompt tokens that the run has left for its thread; the limit applies to all its model calls.
   */
  private static Integer promptTokensLeft(Run run, int fixed) {
    var max = run.settings().tokenLimits().maxPromptTokens();
    return max == null ? null : (int) Math.max(-1, max - run.usage().promptTokens() - fixed);
  }
}
