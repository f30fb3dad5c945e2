package dev.threadmill.runs.context;

import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.context.HistoryEntry.CallsEntry;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Reads a thread from its newest end: its messages, and between them the tool calls of its runs
 * with their results. It reads as much as is wanted and little more, however long the thread is.
 */
@ApplicationScoped
public class ThreadHistory {
  /** What a summary that replaces a history begins with, for the model. */
  public static final String SUMMARY_OF = "Summary of the conversation so far:\n";

  private static final int MOST_CALLS = 2_000;

  /** A run of spaces is one token, so a token can have many bytes. */
  private static final int MOST_BYTES_OF_A_TOKEN = 128;

  private final Jdbc jdbc;
  private final PromptMessageReader messages;
  private final ThreadMessageCache messageCache;
  private final ToolCallStore toolCalls;

  ThreadHistory(
      Jdbc jdbc,
      PromptMessageReader messages,
      ThreadMessageCache messageCache,
      ToolCallStore toolCalls) {
    this.jdbc = jdbc;
    this.messages = messages;
    this.messageCache = messageCache;
    this.toolCalls = toolCalls;
  }

  /**
   * A part of a thread.
   *
   * @param from the time of its first entry
   * @param before the time behind its last one
   */
  record Range(Instant from, Instant before) {
    private static final Instant ALWAYS = Instant.parse("9999-12-31T00:00:00Z");

    /** From this time on. */
    static Range from(Instant time) {
      return new Range(time, ALWAYS);
    }
  }

  /**
   * The newest entries of a thread that fit.
   *
   * @param entries oldest first
   * @param isCut whether older entries were left out
   */
  record Window(List<HistoryEntry> entries, boolean isCut) {
    Window {
      entries = List.copyOf(entries);
    }

    /** The same without its oldest entries, so that it costs no more than this; never empty. */
    Window within(int maxTokens) {
      int from = entries.size();
      long tokens = 0;
      while (from > 0 && (tokens += entries.get(from - 1).tokens()) <= maxTokens) {
        from--;
      }
      if (from == 0 || entries.isEmpty()) {
        return this;
      }
      return new Window(entries.subList(Math.min(from, entries.size() - 1), entries.size()), true);
    }
  }

  /**
   * Messages whose tokens fit; the content of the large ones is not read yet.
   *
   * @param isCut whether older ones do not fit
   */
  record Selection(List<MessageEntry> newestFirst, boolean isCut) {
    /** About how many characters they have. */
    long expected() {
      return newestFirst.stream().mapToLong(MessageEntry::expected).sum();
    }
  }

  /**
   * Chooses the newest messages of a part of the thread.
   *
   * @param maxTokens how many tokens they may cost together
   * @param maxMessages how many messages there may be among them
   */
  Selection select(Run run, Range range, int maxTokens, int maxMessages) {
    var reading = messages.begin(run, messageCache.get(run.threadId()), maxMessages);
    var kept = new ArrayList<MessageEntry>();
    long tokens = 0;
    boolean isCut = false;
    for (int i = 0; !isCut && reading.has(i, maxMessages); i++) {
      var next = reading.at(i);
      if (next.at().isBefore(range.from())) {
        break;
      }
      if (!next.at().isBefore(range.before())) {
        continue;
      }
      tokens += next.tokens();
      isCut = tokens > maxTokens || kept.size() == maxMessages;
      if (!isCut) {
        kept.add(next);
      }
    }
    messageCache.put(run, reading.soFar());
    return new Selection(kept, isCut);
  }

  /**
   * The newest entries of a part of the thread.
   *
   * @param maxTokens how many tokens they may cost together
   * @param limit maximum number of characters
   * @return empty if they have more
   */
  Optional<Window> newest(Run run, Range range, Selection chosen, int maxTokens, long limit) {
    var read = messages.loadContent(run, chosen.newestFirst(), limit);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    var whole = read.get();
    boolean isCut = chosen.isCut() || whole.size() < chosen.newestFirst().size();
    var since = isCut && !whole.isEmpty() ? whole.getLast().at() : range.from();
    long left = limit - whole.stream().mapToLong(MessageEntry::characters).sum();
    return calls(run, new Range(since, range.before()), maxTokens, left)
        .map(calls -> withCalls(whole, calls, maxTokens, isCut));
  }

  /** As {@link #newest}, of a thread that has these messages and nothing else. */
  static Window newestOf(List<Message> thread, int maxTokens, int maxMessages) {
    var kept = new ArrayList<HistoryEntry>();
    long tokens = 0;
    for (var message : thread.reversed()) {
      tokens += message.tokens() + HistoryEntry.TOKENS_PER_MESSAGE;
      if (tokens > maxTokens || kept.size() == maxMessages) {
        break;
      }
      kept.add(
          new MessageEntry(
              message.id(),
              message.role(),
              message.content(),
              message.createdAt(),
              message.tokens() + HistoryEntry.TOKENS_PER_MESSAGE,
              0,
              message.attachments()));
    }
    return new Window(kept.reversed(), kept.size() < thread.size());
  }

  /** The entries of a window of the run, from its first to its last. */
  List<HistoryEntry> between(Run run, Instant from, Instant to) {
    var entries =
        new ArrayList<HistoryEntry>(
            calls(run, Range.from(from), Integer.MAX_VALUE, Long.MAX_VALUE).orElseThrow());
    entries.addAll(
        messages.loadContent(run, messages.between(run, from, to), Long.MAX_VALUE).orElseThrow());
    entries.removeIf(entry -> entry.at().isAfter(to));
    entries.sort((a, b) -> b.at().compareTo(a.at()));
    return entries.reversed();
  }

  /** How many messages a thread has before this time. */
  int countBefore(Run run, Instant time) {
    return jdbc.one(
            "SELECT count(*) AS messages FROM messages WHERE thread_id = ? AND created_at < ?",
            row -> row.integer("messages"),
            run.threadId(),
            time)
        .orElseThrow();
  }

  /**
   * The messages and the calls between them, oldest first, with the oldest left out until they fit.
   *
   * @param isCut whether older messages were left out already
   */
  private static Window withCalls(
      List<MessageEntry> newestFirst, List<CallsEntry> calls, int maxTokens, boolean isCut) {
    var entries = new ArrayList<HistoryEntry>(calls);
    entries.addAll(newestFirst);
    entries.sort((a, b) -> b.at().compareTo(a.at()));
    var kept = new ArrayList<HistoryEntry>();
    long tokens = 0;
    for (var entry : entries) {
      tokens += entry.tokens();
      if (tokens > maxTokens) {
        break;
      }
      kept.add(entry);
    }
    Collections.reverse(kept);
    return new Window(kept, isCut || kept.size() < entries.size());
  }

  /**
   * The newest calls, as many as may fit. The query selects them by the size of their outputs,
   * which the database knows without reading the text.
   *
   * @param limit maximum number of bytes
   * @return empty if they have more
   */
  private Optional<List<CallsEntry>> calls(Run run, Range range, int maxTokens, long limit) {
    long maxBytes =
        Math.min((long) maxTokens * MOST_BYTES_OF_A_TOKEN, PromptMessageReader.MOST_CHARACTERS);
    var rows =
        toolCalls.completedSince(
            run, range.from(), range.before(), MOST_CALLS, Math.min(maxBytes, limit));
    if (rows.stream().mapToLong(ToolCallStore.CompletedCall::bytes).sum() > limit) {
      return Optional.empty();
    }
    var steps = new ArrayList<CallsEntry>();
    for (int i = 0; i < rows.size(); ) {
      var first = rows.get(i);
      var calls = new ArrayList<ToolCall>();
      while (i < rows.size() && rows.get(i).step().equals(first.step())) {
        calls.add(rows.get(i++).call());
      }
      var reasoning = first.reasoning() == null ? StepReasoning.NONE : first.reasoning();
      if (!run.id().equals(first.run())) {
        reasoning = reasoning.ofEarlierRun();
      }
      steps.add(new CallsEntry(calls, reasoning, first.at()));
    }
    return Optional.of(steps);
  }
}
