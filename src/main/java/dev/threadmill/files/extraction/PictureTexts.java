package dev.threadmill.files.extraction;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StorableText;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What models have read in pictures, for a day and a bit: longer than a file waits for a limit of
 * its project. All nodes share it, since any of them may make the next attempt.
 */
@ApplicationScoped
public class PictureTexts {
  private static final Duration LIFE = Duration.ofHours(26);

  private final Jdbc jdbc;
  private final InstantSource clock;

  PictureTexts(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /**
   * A picture that a model reads.
   *
   * @param project which is charged; others are charged themselves
   * @param digest SHA-256 of the picture
   */
  record Key(ProjectId project, String model, byte[] digest) {}

  /** What was read; empty if nothing was, or too long ago. */
  Optional<String> find(Key key) {
    return jdbc.one(
        """
        SELECT text FROM picture_texts
        WHERE project_id = ? AND digest = ? AND model = ? AND expires_at > ?
        """,
        row -> row.text("text"),
        key.project(),
        key.digest(),
        key.model(),
        clock.instant());
  }

  /** Keeps what was read. */
  void put(Key key, String text) {
    jdbc.update(
        """
        INSERT INTO picture_texts (project_id, model, digest, text, expires_at)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (project_id, digest, model) DO UPDATE SET
          text = excluded.text, expires_at = excluded.expires_at
        """,
        key.project(),
        key.model(),
        key.digest(),
        StorableText.of(text),
        clock.instant().plus(LIFE));
  }

  /**
   * Deletes texts whose time is over.
   *
   * @param limit the most at a time
   * @return how many were deleted
   */
  public int deleteExpired(int limit) {
    return jdbc.update(
        """
        DELETE FROM picture_texts WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM picture_texts WHERE expires_at <= ?
          ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED))
        """,
        clock.instant(),
        limit);
  }
}
