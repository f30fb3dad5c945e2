package dev.threadmill.runs.context;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.models.Tokens;
import dev.threadmill.runs.store.Aside;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Reads a thread from its newest end: its messages, and between them the tool calls of its runs
 * with their results. It reads as much as is wanted and little more, however long the thread is.
 */
@ApplicationScoped
public class ThreadHistory {
  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};

  /**
   * Of a single text, as most are, the database takes the words out of the JSON. What is large is
   * left there: thousands of messages are read before it is known how many of them fit.
   */
  private static final String MESSAGE =
      """
      m.id, m.role, m.tokens, m.created_at,
      CASE WHEN m.content -> 1 IS NULL AND NOT %1$s THEN m.content #>> '{0,text,value}' END AS words,
      CASE WHEN (m.content -> 1 IS NOT NULL OR m.content #>> '{0,text,value}' IS NULL) AND NOT %1$s
        THEN m.content END AS content\
      """
          .formatted("(m.tokens > 1000 OR pg_column_size(m.content) > 16384)");

  /** What an earlier attempt of this very run left half-said is not put into the model's mouth. */
  private static final String SHOWN = "(m.status <> 'incomplete' OR m.run_id IS DISTINCT FROM ?)";

  private static final String NEWEST_FIRST = " ORDER BY m.created_at DESC, m.id DESC LIMIT ?";
  private static final int FIRST_READ = 64;
  private static final int MOST_AT_ONCE = 2_000;
  private static final int TOKENS_A_MESSAGE = 4;

  /** Images and recordings cost few tokens for their size; no provider takes more than this. */
  private static final long MOST_CHARACTERS = 48L << 20;

  private static final int LARGE_ONES_AT_ONCE = 8;

  private final Jdbc jdbc;
  private final KnownMessages knownMessages;

  ThreadHistory(Jdbc jdbc, KnownMessages knownMessages) {
    this.jdbc = jdbc;
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

      /** How much of the heap it takes, as far as it is read. */
      int characters() {
        return isLeft() ? 0 : content.stream().mapToInt(Said::characters).sum();
      }

      private static int characters(ContentPart part) {
        return switch (part) {
          case ContentPart.Text text -> text.value().length();
          case ContentPart.Refusal refusal -> refusal.refusal().length();
          case ContentPart.ImageUrl image -> image.imageUrl().url().length();
          case ContentPart.Audio audio -> audio.audio().data().length();
          case ContentPart.ImageFile _, ContentPart.File _ -> 0;
        };
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
    var reading = begin(run, maxMessages);
    var kept = new ArrayList<Entry.Said>();
    long tokens = 0;
    boolean isCut = false;
    while (!isCut && reading.has(kept.size(), maxMessages)) {
      var next = reading.messages.get(kept.size());
      tokens += next.tokens();
      isCut = tokens > maxTokens || kept.size() == maxMessages;
      if (!isCut) {
        kept.add(next);
      }
    }
    knownMessages.remember(run, reading.soFar());
    var whole = whole(run, kept);
    return withCalls(run, whole, maxTokens, isCut || whole.size() < kept.size());
  }

  /**
   * The messages with what was left of them in the database, as many as may be sent. Who is gone by
   * now is left out.
   */
  private List<Entry.Said> whole(Run run, List<Entry.Said> newestFirst) {
    var whole = new ArrayList<Entry.Said>();
    Map<MessageId, List<ContentPart>> contents = Map.of();
    long characters = 0;
    for (int i = 0; i < newestFirst.size(); i++) {
      var message = newestFirst.get(i);
      if (message.isLeft()) {
        if (!contents.containsKey(message.id())) {
          contents = nextLeft(run, newestFirst.subList(i, newestFirst.size()));
        }
        message = message.with(contents.get(message.id()));
      }
      characters += message.characters();
      if (characters > MOST_CHARACTERS && !whole.isEmpty()) {
        break;
      }
      if (!message.isLeft()) {
        whole.add(message);
      }
    }
    return whole;
  }

  /** What was left in the database of the first few of these messages, and is still there. */
  private Map<MessageId, List<ContentPart>> nextLeft(Run run, List<Entry.Said> messages) {
    record Content(MessageId id, List<ContentPart> parts) {}
    var ids =
        messages.stream()
            .filter(Entry.Said::isLeft)
            .limit(LARGE_ONES_AT_ONCE)
            .map(Entry.Said::id)
            .toList();
    return jdbc
        .list(
            "SELECT id, content FROM messages WHERE thread_id = ? AND id = ANY (?)",
            row -> new Content(row.text("id", MessageId::new), row.json("content", CONTENT)),
            run.threadId(),
            ids)
        .stream()
        .collect(Collectors.toMap(Content::id, Content::parts));
  }

  /** Behind what is known of the thread, if it still holds; else from the newest message. */
  private Reading begin(Run run, int maxMessages) {
    var reading = new Reading(run);
    var known = knownMessages.of(run.threadId());
    if (known.isEmpty() || !reading.goOnFrom(known.get())) {
      reading.begin(pageOf(FIRST_READ, 0, maxMessages));
    }
    return reading;
  }

  /** One message more than is wanted, at the most: it tells that there are more. */
  private static int pageOf(int size, int read, int maxMessages) {
    return (int) Math.min(size, maxMessages - read + 1L);
  }

  /** What has been read of a run's thread so far, newest first. */
  private final class Reading {
    private final Run run;
    private final List<Entry.Said> messages = new ArrayList<>();
    private int deletions;
    private boolean isWhole;
    private int page = FIRST_READ;

    Reading(Run run) {
      this.run = run;
    }

    KnownMessages.Known soFar() {
      return new KnownMessages.Known(messages, deletions, isWhole);
    }

    /** Reads the newest messages. */
    void begin(int limit) {
      take(
          jdbc.list(
              "SELECT "
                  + MESSAGE
                  + ", (SELECT deletions FROM threads WHERE id = ?) AS deletions"
                  + " FROM messages m WHERE thread_id = ? AND "
                  + SHOWN
                  + NEWEST_FIRST,
              this::read,
              run.threadId(),
              run.threadId(),
              run.id(),
              limit),
          limit);
    }

    /** Reads what has come since. Returns false if what is known does not hold any more. */
    boolean goOnFrom(KnownMessages.Known known) {
      var newest = known.newestFirst().getFirst();
      var since =
          jdbc.list(
              "SELECT "
                  + MESSAGE
                  + ", t.deletions FROM threads t"
                  + " LEFT JOIN messages m ON m.thread_id = t.id AND (m.created_at, m.id) > (?, ?)"
                  + " AND "
                  + SHOWN
                  + " WHERE t.id = ?"
                  + NEWEST_FIRST,
              this::read,
              newest.at(),
              newest.id(),
              run.id(),
              run.threadId(),
              MOST_AT_ONCE);
      if (since.size() == MOST_AT_ONCE || deletions != known.deletions()) {
        return false;
      }
      since.removeIf(Objects::isNull);
      messages.addAll(since);
      messages.addAll(known.newestFirst());
      isWhole = known.isWhole();
      return true;
    }

    /** Whether there is a message at this place, which is read if it was not yet. */
    boolean has(int place, int maxMessages) {
      if (place == messages.size() && !isWhole) {
        page = Math.min(4 * page, MOST_AT_ONCE);
        older(pageOf(page, place, maxMessages));
      }
      return place < messages.size();
    }

    private void older(int limit) {
      var last = messages.getLast();
      take(
          jdbc.list(
              "SELECT "
                  + MESSAGE
                  + " FROM messages m WHERE thread_id = ? AND "
                  + SHOWN
                  + " AND (m.created_at, m.id) < (?, ?)"
                  + NEWEST_FIRST,
              ThreadHistory::readMessage,
              run.threadId(),
              run.id(),
              last.at(),
              last.id(),
              limit),
          limit);
    }

    private void take(List<Entry.Said> rows, int limit) {
      messages.addAll(rows);
      isWhole = rows.size() < limit;
    }

    /** A message, null where the row has none. */
    private Entry.Said read(Row row) throws SQLException {
      deletions = row.integer("deletions");
      return row.text("id") == null ? null : readMessage(row);
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
    var messages =
        jdbc.list(
            "SELECT "
                + MESSAGE
                + " FROM messages m WHERE thread_id = ? AND "
                + SHOWN
                + " AND m.created_at BETWEEN ? AND ? ORDER BY m.created_at DESC, m.id DESC",
            ThreadHistory::readMessage,
            run.threadId(),
            run.id(),
            from,
            to);
    entries.addAll(whole(run, messages));
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
    var words = row.text("words");
    return new Entry.Said(
        row.text("id", MessageId::new),
        row.constant("role", Message.Role.class),
        words == null ? row.json("content", CONTENT) : List.of(ContentPart.text(words)),
        row.instant("created_at"),
        row.integer("tokens") + TOKENS_A_MESSAGE);
  }
}
