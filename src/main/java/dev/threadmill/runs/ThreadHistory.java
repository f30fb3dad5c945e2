package dev.threadmill.runs;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.models.Tokens;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads a thread from its newest end: its messages, and between them the tool calls of its runs
 * with their results. It reads as much as is wanted and little more, however long the thread is.
 */
@ApplicationScoped
class ThreadHistory {
  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};
  private static final int FIRST_READ = 64;
  private static final int MOST_AT_ONCE = 2_000;
  private static final int TOKENS_A_MESSAGE = 4;

  private final Jdbc jdbc;

  ThreadHistory(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** A piece of a thread: a message, or the calls of one step with their results. */
  sealed interface Entry {
    Instant at();

    /** What it costs in a prompt. */
    int tokens();

    record Said(MessageId id, Message.Role role, List<ContentPart> content, Instant at, int tokens)
        implements Entry {}

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
    var messages = new ArrayList<Entry.Said>();
    long tokens = 0;
    int read = Math.min(FIRST_READ, maxMessages);
    while (true) {
      var older = older(run, messages.isEmpty() ? null : messages.getLast(), read);
      for (var message : older) {
        tokens += message.tokens();
        if (tokens > maxTokens || messages.size() == maxMessages) {
          return withCalls(run, messages, maxTokens, true);
        }
        messages.add(message);
      }
      if (older.size() < read) {
        return withCalls(run, messages, maxTokens, false);
      }
      read = Math.min(Math.min(4 * read, MOST_AT_ONCE), maxMessages - messages.size() + 1);
    }
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
    var entries = new ArrayList<Entry>(calls(run, from));
    entries.addAll(
        jdbc.list(
            """
            SELECT id, role, content, tokens, created_at FROM messages
            WHERE thread_id = ? AND (status <> 'incomplete' OR run_id IS DISTINCT FROM ?)
              AND created_at BETWEEN ? AND ?
            ORDER BY created_at DESC, id DESC
            """,
            ThreadHistory::readMessage,
            run.threadId(),
            run.id(),
            from,
            to));
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

  private List<Entry.Said> older(Run run, Entry.Said than, int limit) {
    // What an earlier attempt of this very run left half-said is not put into the model's mouth.
    var columns =
        """
        SELECT id, role, content, tokens, created_at FROM messages
        WHERE thread_id = ? AND (status <> 'incomplete' OR run_id IS DISTINCT FROM ?)
        """;
    var order = " ORDER BY created_at DESC, id DESC LIMIT ?";
    return than == null
        ? jdbc.list(columns + order, ThreadHistory::readMessage, run.threadId(), run.id(), limit)
        : jdbc.list(
            columns + " AND (created_at, id) < (?, ?)" + order,
            ThreadHistory::readMessage,
            run.threadId(),
            run.id(),
            than.at(),
            than.id(),
            limit);
  }

  /**
   * The messages and the calls between them, oldest first, with the oldest left out until they fit.
   *
   * @param isCut whether older messages were left out already
   */
  private Window withCalls(Run run, List<Entry.Said> newestFirst, int maxTokens, boolean isCut) {
    var since = isCut && !newestFirst.isEmpty() ? newestFirst.getLast().at() : Instant.EPOCH;
    var entries = new ArrayList<Entry>(calls(run, since));
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

  private List<Entry.Called> calls(Run run, Instant since) {
    record CallRow(Instant at, String step, Aside aside, ToolCall call) {}
    var rows =
        jdbc.list(
            """
            SELECT s.created_at, s.id AS step_id,
              CASE WHEN s.run_id = ? AND c.ordinal = 0 THEN s.aside END AS aside, c.id, c.type, c.name, c.arguments, c.output
            FROM run_steps s
            JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
            WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.status = 'completed'
              AND s.created_at >= ? AND c.output IS NOT NULL
            ORDER BY s.created_at DESC, s.id, c.ordinal
            LIMIT ?
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
            MOST_AT_ONCE);
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

  private static Entry.Said readMessage(Row row) throws SQLException {
    return new Entry.Said(
        row.text("id", MessageId::new),
        row.constant("role", Message.Role.class),
        row.json("content", CONTENT),
        row.instant("created_at"),
        row.integer("tokens") + TOKENS_A_MESSAGE);
  }
}
