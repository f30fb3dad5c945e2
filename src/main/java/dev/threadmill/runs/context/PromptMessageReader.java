package dev.threadmill.runs.context;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.MessageId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.runs.context.HistoryEntry.MessageEntry;
import dev.threadmill.runs.store.Run;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Reads the messages of a thread for a prompt, from the newest on and page by page. The content of
 * large messages is read only after their number of tokens is known to fit, which bounds the heap
 * used.
 */
@ApplicationScoped
class PromptMessageReader {
  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};
  private static final TypeReference<List<Attachment>> ATTACHMENTS = new TypeReference<>() {};

  /**
   * For a message of a single text part, the usual case, the database extracts the text from the
   * JSON. Large content is not selected, since thousands of messages are read before it is known
   * how many of them fit. Content is large if it has many tokens or bytes, or if it has several
   * parts and is compressed, since its uncompressed size is unknown. A single part that is not a
   * text is not selected either, so that the JSON is decompressed once.
   */
  private static final String MESSAGE =
      """
      m.id, m.role, m.tokens, m.attachments, %2$s AS created, pg_column_size(m.content) AS stored,
      CASE WHEN %1$s AND jsonb_array_length(m.content) = 1
        THEN m.content -> 0 -> 'text' ->> 'value' END AS words,
      CASE WHEN %1$s AND pg_column_compression(m.content) IS NULL
        AND jsonb_array_length(m.content) <> 1 THEN m.content END AS content\
      """
          .formatted(
              "m.tokens <= 1000 AND pg_column_size(m.content) <= 16384",
              Row.asMicros("m.created_at"));

  /** Excludes incomplete messages of earlier attempts of the same run. */
  private static final String SHOWN = "(m.status <> 'incomplete' OR m.run_id IS DISTINCT FROM ?)";

  private static final String NEWEST_FIRST = " ORDER BY m.created_at DESC, m.id DESC LIMIT ?";
  private static final int FIRST_READ = 64;
  private static final int MOST_AT_ONCE = 2_000;
  private static final int GROWTH = 16;

  /** Images and recordings cost few tokens for their size; no provider takes more than this. */
  static final long MOST_CHARACTERS = 48L << 20;

  private static final int LARGE_ONES_AT_ONCE = 8;
  private static final long CHARACTERS_AT_ONCE = 4L << 20;

  private final Jdbc jdbc;

  PromptMessageReader(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Continues from the cached messages if they are still valid; else starts at the newest message.
   */
  Cursor begin(Run run, Optional<ThreadMessageCache.CachedMessages> known, int maxMessages) {
    var reading = new Cursor(run);
    if (known.isEmpty() || !reading.resumeFrom(known.get())) {
      reading.begin(pageOf(FIRST_READ, 0, maxMessages));
    }
    return reading;
  }

  /** Bounds a page to one message more than is wanted; the extra one shows that more exist. */
  private static int pageOf(int size, int read, int maxMessages) {
    return (int) Math.min(size, maxMessages - read + 1L);
  }

  /** What has been read of a run's thread so far, newest first. */
  final class Cursor {
    private final Run run;
    private final List<MessageEntry> messages = new ArrayList<>();
    private int deletions;
    private boolean isWhole;
    private int page = FIRST_READ;

    Cursor(Run run) {
      this.run = run;
    }

    /** The message at this index; it must have been read. */
    MessageEntry at(int index) {
      return messages.get(index);
    }

    ThreadMessageCache.CachedMessages soFar() {
      return new ThreadMessageCache.CachedMessages(messages, deletions, isWhole);
    }

    /** Reads the newest messages. */
    private void begin(int limit) {
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

    /** Reads the messages added since. Returns false if the cached messages are no longer valid. */
    private boolean resumeFrom(ThreadMessageCache.CachedMessages known) {
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

    /** Whether there is a message at this index; reads the next page if necessary. */
    boolean has(int index, int maxMessages) {
      if (index == messages.size() && !isWhole) {
        page = Math.min(GROWTH * page, MOST_AT_ONCE);
        older(pageOf(page, index, maxMessages));
      }
      return index < messages.size();
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
              PromptMessageReader::readMessage,
              run.threadId(),
              run.id(),
              last.at(),
              last.id(),
              limit),
          limit);
    }

    private void take(List<MessageEntry> rows, int limit) {
      messages.addAll(rows);
      isWhole = rows.size() < limit;
    }

    /** A message, null where the row has none. */
    private MessageEntry read(Row row) throws SQLException {
      deletions = row.integer("deletions");
      return row.text("id") == null ? null : readMessage(row);
    }
  }

  /** The messages from one time to another, newest first. */
  List<MessageEntry> between(Run run, Instant from, Instant to) {
    return jdbc.list(
        "SELECT "
            + MESSAGE
            + " FROM messages m WHERE thread_id = ? AND "
            + SHOWN
            + " AND m.created_at BETWEEN ? AND ? ORDER BY m.created_at DESC, m.id DESC",
        PromptMessageReader::readMessage,
        run.threadId(),
        run.id(),
        from,
        to);
  }

  /**
   * The messages with the content that was not read yet, as many as may be sent. Messages that were
   * deleted meanwhile are omitted.
   *
   * @param limit maximum number of characters
   * @return empty if there are more
   */
  Optional<List<MessageEntry>> loadContent(Run run, List<MessageEntry> newestFirst, long limit) {
    var whole = new ArrayList<MessageEntry>();
    Map<MessageId, List<ContentPart>> contents = Map.of();
    long characters = 0;
    for (int i = 0; i < newestFirst.size(); i++) {
      var message = newestFirst.get(i);
      if (message.isLeft()) {
        if (!contents.containsKey(message.id())) {
          contents =
              loadNextBatch(run, newestFirst.subList(i, newestFirst.size()), limit - characters);
        }
        if (!contents.containsKey(message.id())) {
          continue;
        }
        message = message.with(contents.get(message.id()));
      }
      if (message.isLeft()) {
        return Optional.empty();
      }
      characters += message.characters();
      if (characters > MOST_CHARACTERS && !whole.isEmpty()) {
        break;
      }
      if (characters > limit) {
        return Optional.empty();
      }
      whole.add(message);
    }
    return Optional.of(whole);
  }

  /**
   * The unread content of the first few of these messages. Deleted messages are omitted; the
   * content is null if it exceeds the limit.
   */
  private Map<MessageId, List<ContentPart>> loadNextBatch(
      Run run, List<MessageEntry> messages, long limit) {
    record Content(MessageId id, List<ContentPart> parts) {}
    var contents = new HashMap<MessageId, List<ContentPart>>();
    jdbc.list(
            """
            SELECT id, CASE WHEN sum(length(json)) OVER (ORDER BY created_at DESC, id DESC) <= ?
              THEN json END AS content
            FROM (SELECT id, created_at, content::text AS json FROM messages
              WHERE thread_id = ? AND id = ANY (?) OFFSET 0) AS large
            """,
            row -> new Content(row.text("id", MessageId::new), row.json("content", CONTENT)),
            limit,
            run.threadId(),
            nextBatch(messages))
        .forEach(content -> contents.put(content.id(), content.parts()));
    return contents;
  }

  /** The first of these messages without content: at least one, at most one batch. */
  private static List<MessageId> nextBatch(List<MessageEntry> messages) {
    var batch = new ArrayList<MessageId>();
    long characters = 0;
    for (var message : messages) {
      if (message.isLeft()) {
        characters += message.expected();
        if (!batch.isEmpty() && characters > CHARACTERS_AT_ONCE
            || batch.size() == LARGE_ONES_AT_ONCE) {
          return batch;
        }
        batch.add(message.id());
      }
    }
    return batch;
  }

  private static MessageEntry readMessage(Row row) throws SQLException {
    var text = row.text("words");
    return new MessageEntry(
        row.text("id", MessageId::new),
        row.enumValue("role", Message.Role.class),
        text == null ? row.json("content", CONTENT) : List.of(ContentPart.text(text)),
        row.instantFromMicros("created"),
        row.integer("tokens") + HistoryEntry.TOKENS_PER_MESSAGE,
        row.integer("stored"),
        row.json("attachments", ATTACHMENTS));
  }
}
