package dev.threadmill.webhooks;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Row;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/**
 * An endpoint that receives events of a project.
 *
 * @param secret the signing secret, encrypted
 * @param hint what may be shown of it
 * @param oldSecret the one before it, encrypted, while it is still used as well; null if none is
 */
record WebhookEndpoint(
    String id,
    ProjectId project,
    Instant createdAt,
    Instant updatedAt,
    String name,
    String url,
    List<String> eventTypes,
    String secret,
    String hint,
    String oldSecret) {
  static final String PREFIX = "whe_";

  static final String COLUMNS =
      """
      id, project_id, created_at, updated_at, name, url, array_to_json(event_types) AS event_types,
      secret, secret_hint,
      CASE WHEN old_secret_until > clock_timestamp() THEN old_secret END AS old_secret
      """;

  /** The condition on an endpoint {@code e} that it is sent anything. */
  static final String RECEIVES =
      """
      NOT e.deleted AND EXISTS (
        SELECT 1 FROM projects p WHERE p.id = e.project_id AND p.status = 'active')\
      """;

  static WebhookEndpoint read(Row row) throws SQLException {
    return new WebhookEndpoint(
        row.text("id"),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.instant("updated_at"),
        row.text("name"),
        row.text("url"),
        List.of(row.json("event_types", String[].class)),
        row.text("secret"),
        row.text("secret_hint"),
        row.text("old_secret"));
  }
}
