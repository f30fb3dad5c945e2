package dev.threadmill.runs.context;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.models.Tokens;
import dev.threadmill.runs.store.Aside;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads a thread from its newest end: its messages, and between them the tool calls of its runs
 * with their results. It reads as much as is wanted and little more, however long the thread is.
 */
@ApplicationScoped
public class ThreadHistory {
  /** What a message costs in a prompt beside its text. */
  static final int TOKENS_A_MESSAGE = 4;

  private static final int MOST_CALLS = 2_000;

  /** Of spaces there are many in one token. */
  private static final int MOST_BYTES_OF_A_TOKEN = 128;

  private final Jdbc jdbc;
  private final ThreadMessages messages;
  private final KnownMessages knownMessages;

  ThreadHistory(Jdbc jdbc, ThreadMessages messages, KnownMessages knownMessages) {
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
     */
    record Said(MessageId id, Message.Role role, List<ContentPart> content, Instant at, int tokens)
        implements Entry {
      boolean isLeft() {
        return content == null;
      }

      Said with(List<ContentPart> read) {
        return new Said(id, role, read, at, tokens);
      }

      /** How much there is of it, as far as it was read. */
      long characters() {
        return isLeft() ? 0 : ContentPart.characters(content);
      }
    }

    /**
     * Calls of one step.
     *
     * @param aside what the model thought and said along with them, if the run is the one that asks
     */
    record Called(List<ToolCall> calls, Aside aside, Instant at) implements Entry {
      @Override
      public int tokens() {
        int tokens = Tokens.count(aside.commentary());
        if (aside.thoughts() != null) {
          tokens += Tokens.count(aside.thoughts().text());
        }
        for (var call : calls) {
          tokens +=
              2 * TOKENS_A_MESSAGE
                  + Tokens.count(call.name())
                  + Tokens.count(call.arguments())
                  + Tokens.count(call.output());
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
   * The newest entries.
   *
   * @param maxTokens how many tokens they may cost together
   * @param maxMessages how many messages there may be among them
   */
  Window newest(Run run, int maxTokens, int maxMessages) {
    var reading = messages.begin(run, knownMessages.of(run.threadId()), maxMessages);
    var kept = new ArrayList<Entry.Said>();
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
    knownMessages.remember(run, reading.soFar());
    var whole = messages.whole(run, kept);
    return withCalls(run, whole, maxTokens, isCut || whole.size() < kept.size());
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
          new Entry.Said(
              message.id(),
              message.role(),
              message.content(),
              message.createdAt(),
              message.tokens() + TOKENS_A_MESSAGE));
    }
    return new Window(kept.reversed(), kept.size() < thread.size());
  }

  /** What a window of the run showed, from its first entry to its last. */
  List<Entry> between(Run run, Instant from, Instant to) {
    var entries = new ArrayList<Entry>(calls(run, from, Integer.MAX_VALUE));
    entries.addAll(messages.whole(run, messages.between(run, from, to)));
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
  private Window withCalls(Run run, List<Entry.Said> newestFirst, int maxTokens, boolean isCut) {
    var since = isCut && !newestFirst.isEmpty() ? newestFirst.getLast().at() : Instant.EPOCH;
    var entries = new ArrayList<Entry>(calls(run, since, maxTokens));
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
   */
  private List<Entry.Called> calls(Run run, Instant since, int maxTokens) {
    record CallRow(Instant at, String step, Aside aside, ToolCall call) {}
    var rows =
        jdbc.list(
            """
            SELECT created_at, step_id, aside, id, type, name, arguments, output FROM (
              SELECT s.created_at, s.id AS step_id, c.ordinal,
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
                    row.json("aside", Aside.class),
                    new ToolCall(
                        row.text("id", ToolCallId::new),
                        row.text("type"),
                        row.text("name"),
                        row.text("arguments"),
                        row.text("output"),
                        ToolCall.Executor.CLIENT,
                        null,
                        ToolCall.Heard.NONE)),
            run.id(),
            run.threadId(),
            since,
            MOST_CALLS,
            Math.min((long) maxTokens * MOST_BYTES_OF_A_TOKEN, ThreadMessages.MOST_CHARACTERS));
    var steps = new ArrayList<Entry.Called>();
    for (int i = 0; i < rows.size(); ) {
      var first = rows.get(i);
      var calls = new ArrayList<ToolCall>();
      while (i < rows.size() && rows.get(i).step().equals(first.step())) {
        calls.add(rows.get(i++).call());
      }
      var aside = first.aside() == null ? Aside.NONE : first.aside();
      steps.add(new Entry.Called(List.copyOf(calls), aside, first.at()));
    }
    return steps;
  }
}
