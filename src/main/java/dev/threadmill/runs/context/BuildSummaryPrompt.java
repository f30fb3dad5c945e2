package dev.threadmill.runs.context;

import dev.threadmill.db.Jdbc;
import dev.threadmill.memory.MemoryPolicy;
import dev.threadmill.memory.RetrieveMemory;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.store.HistoryStart;
import dev.threadmill.runs.store.Run;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Builds the prompt by which a model summarizes the history of a thread. Of a history that exceeds
 * the context window it has the newest part; the memory represents the rest.
 */
@ApplicationScoped
public class BuildSummaryPrompt {
  private static final String INSTRUCTIONS =
      "You summarize conversations so that they can be continued from the summary alone. Keep what"
          + " the user wants, decisions, facts, names, numbers, results of tools, and what is left to"
          + " do. Write plain text.";

  private static final String REQUEST = "Summarize the conversation so far.";

  /** Part of the context window that is kept free for the summary. */
  private static final int SUMMARY_SHARE = 4;

  private static final int MOST_MEMORY_TOKENS = 4_000;

  private final ThreadHistory history;
  private final RetrieveMemory memory;
  private final PromptFiles files;
  private final Jdbc jdbc;

  BuildSummaryPrompt(ThreadHistory history, RetrieveMemory memory, PromptFiles files, Jdbc jdbc) {
    this.history = history;
    this.memory = memory;
    this.files = files;
    this.jdbc = jdbc;
  }

  /** What a model is told that summarizes a conversation with these instructions. */
  public static String instructions(String own) {
    return own.isBlank()
        ? INSTRUCTIONS
        : INSTRUCTIONS + "\nThe conversation had these instructions:\n" + own;
  }

  /** The last message to a model that summarizes the messages before. */
  public static String request() {
    return REQUEST;
  }

  /**
   * The messages to the model.
   *
   * @param start where the history begins
   * @param before the time before which the history ends
   * @param permit acquired for the prompt, in characters
   */
  public List<ModelMessage> of(
      LiveRun live,
      ModelInfo model,
      HistoryStart start,
      Instant before,
      PromptPermits.Permit permit)
      throws InterruptedException {
    var run = live.claimedRun();
    var instructions = instructions(run.settings().instructions());
    int fixed =
        TokenCounter.count(instructions)
            + TokenCounter.count(REQUEST)
            + TokenCounter.count(start.summary());
    int window = model.contextWindow() - model.contextWindow() / SUMMARY_SHARE;
    int room = Math.max(window - fixed, window / SUMMARY_SHARE);
    var newest = newest(run, new ThreadHistory.Range(start.from(), before), room, permit);
    var remembered = newest.isCut() ? remembered(run, room) : "";
    var shown =
        remembered.isEmpty() ? newest : newest.within(room - TokenCounter.count(remembered));
    var entries = withFiles(run, shown.entries(), model, room, permit);
    var messages = new ArrayList<ModelMessage>();
    messages.add(
        new ModelMessage.System(
            remembered.isEmpty() ? instructions : instructions + "\n\n" + remembered));
    if (start.summary() != null) {
      messages.add(PromptMessages.ofSummary(start.summary()));
    }
    entries.forEach(entry -> messages.addAll(PromptMessages.of(entry, model)));
    messages.add(new ModelMessage.User(List.of(new ModelPart.Text(REQUEST))));
    return messages;
  }

  private ThreadHistory.Window newest(
      Run run, ThreadHistory.Range range, int room, PromptPermits.Permit permit)
      throws InterruptedException {
    var chosen = jdbc.whenAvailable(() -> history.select(run, range, room, Integer.MAX_VALUE));
    long limit = permit.acquireFor(chosen.expected());
    var read = jdbc.whenAvailable(() -> history.newest(run, range, chosen, room, limit));
    while (read.isEmpty()) {
      long more = permit.grow();
      read = jdbc.whenAvailable(() -> history.newest(run, range, chosen, room, more));
    }
    return read.get();
  }

  /** The summary that the memory has of what does not fit. */
  private String remembered(Run run, int room) throws InterruptedException {
    var request =
        new RetrieveMemory.Request(
            run.projectId(),
            run.threadId(),
            run.assistantId(),
            MemoryPolicy.of(run.settings().memory()),
            true,
            false,
            Set::of,
            null,
            Math.min(room / SUMMARY_SHARE, MOST_MEMORY_TOKENS));
    return memory.retrieve(request).text();
  }

  private List<HistoryEntry> withFiles(
      Run run, List<HistoryEntry> entries, ModelInfo model, int room, PromptPermits.Permit permit)
      throws InterruptedException {
    long used = entries.stream().mapToLong(HistoryEntry::tokens).sum();
    var loading =
        files.plan(run.projectId(), entries, model, (int) Math.clamp(room - used, 0, room));
    if (loading.isEmpty()) {
      return entries;
    }
    permit.acquireFor(loading.characters());
    return loading.load();
  }
}
