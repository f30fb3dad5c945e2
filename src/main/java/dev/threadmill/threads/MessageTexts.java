package dev.threadmill.threads;

import dev.threadmill.api.MessageId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/**
 * Reads the text of messages, without images, audio and annotations, for many runs in one
 * statement.
 */
@ApplicationScoped
public class MessageTexts {
  /** The most characters that one statement reads, before the last message. */
  private static final int MAX_CHARACTERS = 16 << 20;

  private static final String TEXT =
      """
      (SELECT coalesce(string_agg(
          coalesce(p.part #>> '{text,value}', p.part ->> 'refusal'), '' ORDER BY p.place), '') AS text
       FROM jsonb_array_elements(m.content) WITH ORDINALITY AS p (part, place))
      """;

  private final Jdbc jdbc;

  MessageTexts(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * The text of a message.
   *
   * @param index of the run or time that was asked for, from 0
   * @param text empty for a message without text
   */
  public record MessageText(int index, MessageId id, Message.Role role, String text) {}

  /**
   * The result.
   *
   * @param messages by index, oldest first
   * @param isComplete false if there was more text than one statement reads
   */
  public record TextsResult(List<MessageText> messages, boolean isComplete) {}

  /**
   * The messages of runs.
   *
   * @param since the creation time of the oldest run
   */
  public TextsResult ofRuns(ThreadId thread, List<RunId> runs, Instant since) {
    return read(
        """
        unnest(?::text[]) WITH ORDINALITY AS k (run_id, place)
        JOIN messages m ON m.thread_id = ? AND m.run_id = k.run_id AND m.created_at >= ?
        """,
        "ORDER BY k.place, m.created_at, m.id",
        MAX_CHARACTERS,
        runs,
        thread,
        since);
  }

  /**
   * The newest messages of a thread as of each of these times; the oldest are not read if there is
   * too much.
   */
  public TextsResult newest(ThreadId thread, List<Instant> until, int limit) {
    return read(
        """
        unnest(?::text[]::timestamptz[]) WITH ORDINALITY AS k (until, place)
        CROSS JOIN LATERAL (
          SELECT * FROM messages n WHERE n.thread_id = ? AND n.created_at <= k.until
          ORDER BY n.created_at DESC, n.id DESC LIMIT ?) m
        """,
        "PARTITION BY k.place ORDER BY m.created_at DESC, m.id DESC",
        MAX_CHARACTERS / until.size(),
        until,
        thread,
        limit);
  }

  private TextsResult read(String messages, String order, int most, Object... params) {
    record Found(MessageText message, int all) {}
    var found =
        jdbc.list(
            """
            SELECT place, id, role, text, found FROM (
              SELECT k.place, m.id, m.role, m.created_at, t.text,
                (count(*) OVER ())::integer AS found,
                sum(length(t.text)) OVER (%s
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ahead
              FROM %s CROSS JOIN LATERAL %s t) AS texts
            WHERE coalesce(ahead, 0) < %d ORDER BY place, created_at, id
            """
                .formatted(order, messages, TEXT, most),
            row -> new Found(readText(row), row.integer("found")),
            params);
    boolean whole = found.isEmpty() || found.size() == found.getFirst().all();
    return new TextsResult(found.stream().map(Found::message).toList(), whole);
  }

  private static MessageText readText(Row row) throws SQLException {
    return new MessageText(
        row.integer("place") - 1,
        row.text("id", MessageId::new),
        row.enumValue("role", Message.Role.class),
        row.text("text"));
  }
}
