package dev.threadmill.runs.context;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
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
  /** What a message costs in a prompt beside its text. */
  static final int TOKENS_A_MESSAGE = 4;

  private static final int CHARACTERS_OF_A_TOKEN = 5;
  private static final int MOST_CALLS = 2_000;

  /** Of spaces there are many in one token. */
  private static final int MOST_BYTES_OF_A_TOKEN = 128;

  private final Jdbc jdbc;
  private final PromptMessageReader messages;
  private final ThreadMessageCache knownMessages;

  ThreadHistory(Jdbc jdbc, PromptMessageReader messages, ThreadMessageCache knownMessages) {
    this.jdbc = jdbc;
    this.messages = messages;
    this.knownMessages = knownMessages;
  }

  /** A piece of a thread: a message, or the calls of one step with their results. */
  sealed interface Entry {
    Instant at();

    /** What it costs in a prompt. */
    int tokens();

    /**
     * A message.
     *
     * @param content null as long as it is left in the database
     * @param stored how many bytes it takes there if it was left there, compressed as it may be
     */
    record MessageEntry(
        MessageId id,
        Message.Role role,
        List<ContentPart> content,
        Instant at,
        int tokens,
        int stored)
        implements Entry {
      boolean isLeft() {
        return content == null;
      }

      MessageEntry with(List<ContentPart> read) {
        return new MessageEntry(id, role, read, at, tokens, stored);
      }

      /** How much there is of it, as far as it was read. */
      long characters() {
        return isLeft() ? 0 : ContentPart.sizeInCharacters(content);
      }

      /** The same, and of what was not read how much it is likely to be. */
      long expected() {
        return isLeft() ? Math.max(stored, (long) CHARACTERS_OF_A_TOKEN * tokens) : characters();
      }
    }

    /**
     * Calls of one step.
     *
     * @param aside what the model thought and said along with them, if the run is the one that asks
     */
    record CallsEntry(List<ToolCall> calls, StepReasoning aside, Instant at) implements Entry {
      @Override
      public int tokens() {
        int tokens = TokenCounter.count(aside.commentary());
        if (aside.thoughts() != null) {
          tokens += TokenCounter.count(aside.thoughts().text());
        }
        for (var call : calls) {
          tokens +=
              2 * TOKENS_A_MESSAGE
                  + TokenCounter.count(call.name())
                  + TokenCounter.count(call.arguments())
                  + TokenCounter.count(call.output());
        }
        return tokens;
      }
    }
  }

  /**
   * A stretch of a thread.
   *
   * @param entries oldest first
   * @param isCut whether older entries were left out
   */
  record Window(List<Entry> entries, boolean isCut) {
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
   * Messages of which it is known that they fit; the large ones among them are not read yet.
   *
   * @param isCut whether older ones do not fit
   */
  record Selection(List<Entry.MessageEntry> newestFirst, boolean isCut) {
    /** About how many characters they have. */
    long expected() {
      return newestFirst.stream().mapToLong(Entry.MessageEntry::expected).sum();
    }
  }

  /**
   * Chooses the newest messages.
   *
   * @param maxTokens how many tokens they may cost together
   * @param maxMessages how many messages there may be among them
   */
  Selection select(Run run, int maxTokens, int maxMessages) {
    var reading = messages.begin(run, knownMessages.get(run.threadId()), maxMessages);
    var kept = new ArrayList<Entry.MessageEntry>();
    long tokens = 0;
    boolean isCut = false;
    while (!isCut && reading.has(kept.size(), maxMessages)) {
      var next = reading.at(kept.size());
      tokens += next.tokens();
      isCut = tokens > maxTokens || kept.size() == maxMessages;
      if (!isCut) {
        kept.add(next);
      }
    }
    knownMessages.put(run, reading.soFar());
    return new Selection(kept, isCut);
  }

  /**
   * The newest entries.
   *
   * @param maxTokens how many tokens they may cost together
   * @param limit how many characters there is room for
   * @return empty if they have more
   */
  Optional<Window> newest(Run run, Selection chosen, int maxTokens, long limit) {
    var read = messages.loadContent(run, chosen.newestFirst(), limit);
    if (read.isEmpty()) {
      return Optional.empty();
    }
    var whole = read.get();
    boolean isCut = chosen.isCut() || whole.size() < chosen.newestFirst().size();
    var since = isCut && !whole.isEmpty() ? whole.getLast().at() : Instant.EPOCH;
    long left = limit - whole.stream().mapToLong(Entry.MessageEntry::characters).sum();
    return calls(run, since, maxTokens, left)
        .map(calls -> withCalls(whole, calls, maxTokens, isCut));
  }

  /** As {@link #newest}, of a thread that has these messages and nothing else. */
  static Window newestOf(List<Message> thread, int maxTokens, int maxMessages) {
    var kept = new ArrayList<Entry>();
    long tokens = 0;
    for (var message : thread.reversed()) {
      tokens += message.tokens() + TOKENS_A_MESSAGE;
      if (tokens > maxTokens || kept.size() == maxMessages) {
        break;
      }
      kept.add(
          new Entry.MessageEntry(
              message.id(),
              message.role(),
              message.content(),
              message.createdAt(),
              message.tokens() + TOKENS_A_MESSAGE,
              0));
    }
    return new Window(kept.reversed(), kept.size() < thread.size());
  }

  /** What a window of the run showed, from its first entry to its last. */
  List<Entry> between(Run run, Instant from, Instant to) {
    var entries =
        new ArrayList<Entry>(calls(run, from, Integer.MAX_VALUE, Long.MAX_VALUE).orElseThrow());
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
      List<Entry.MessageEntry> newestFirst,
      List<Entry.CallsEntry> calls,
      int maxTokens,
      boolean isCut) {
    var entries = new ArrayList<Entry>(calls);
    entries.addAll(newestFirst);
    entries.sort((a, b) -> b.at().compareTo(a.at()));
    var kept = new ArrayList<Entry>();
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
   * The newest calls, as many as may fit: outputs can be long, and of the size of a text the
   * database knows without reading it.
   *
   * @param limit how many bytes there is room for
   * @return empty if they have more
   */
  private Optional<List<Entry.CallsEntry>> calls(
      Run run, Instant since, int maxTokens, long limit) {
    record CallRow(Instant at, String step, StepReasoning aside, ToolCall call, int bytes) {}
    long most =
        Math.min((long) maxTokens * MOST_BYTES_OF_A_TOKEN, PromptMessageReader.MOST_CHARACTERS);
    var rows =
        jdbc.list(
            """
            SELECT created_at, step_id, aside, id, type, name, arguments, output, bytes FROM (
              SELECT s.created_at, s.id AS step_id, c.ordinal,
                octet_length(c.arguments) + octet_length(c.output) AS bytes,
                CASE WHEN s.run_id = ? AND c.ordinal = 0 THEN s.aside END AS aside, c.id, c.type,
                c.name, c.arguments, c.output,
                sum(octet_length(c.arguments) + octet_length(c.output)) OVER (
                  ORDER BY s.created_at DESC, s.id, c.ordinal
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ahead
              FROM run_steps s
              JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
              WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.status = 'completed'
                AND s.created_at >= ? AND c.output IS NOT NULL
              ORDER BY s.created_at DESC, s.id, c.ordinal
              LIMIT ?) AS newest
            WHERE coalesce(ahead, 0) <= ?
            ORDER BY created_at DESC, step_id, ordinal
            """,
            row ->
                new CallRow(
                    row.instant("created_at"),
                    row.text("step_id"),
                    row.json("aside", StepReasoning.class),
                    new ToolCall(
                        row.text("id", ToolCallId::new),
                        row.text("type"),
                        row.text("name"),
                        row.text("arguments"),
                        row.text("output"),
                        ToolCall.Executor.CLIENT,
                        null,
                        ToolCall.Partial.NONE),
                    row.integer("bytes")),
            run.id(),
            run.threadId(),
            since,
            MOST_CALLS,
            Math.min(most, limit));
    if (rows.stream().mapToLong(CallRow::bytes).sum() > limit) {
      return Optional.empty();
    }
    var steps = new ArrayList<Entry.CallsEntry>();
    for (int i = 0; i < rows.size(); ) {
      var first = rows.get(i);
      var calls = new ArrayList<ToolCall>();
      while (i < rows.size() && rows.get(i).step().equals(first.step())) {
        calls.add(rows.get(i++).call());
      }
      var aside = first.aside() == null ? StepReasoning.NONE : first.aside();
      steps.add(new Entry.CallsEntry(List.copyOf(calls), aside, first.at()));
    }
    return Optional.of(steps);
  }
}
