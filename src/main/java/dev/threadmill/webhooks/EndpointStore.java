package dev.threadmill.webhooks;

import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.webhooks.EndpointRequests.ModifyWebhookEndpoint;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The endpoints in their table. */
@ApplicationScoped
class EndpointStore {
  private final Jdbc jdbc;

  EndpointStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Inserts an endpoint, unless the project has as many as it may have.
   *
   * @return whether it was inserted
   */
  boolean insert(WebhookEndpoint endpoint, int max) {
    return jdbc.inTransaction(
        tx -> {
          // Two requests at a time would both find the last place.
          tx.one(
              "SELECT pg_advisory_xact_lock(hashtext('webhook_endpoints'), hashtext(?)) IS NULL AS locked",
              row -> row.bool("locked"),
              endpoint.project());
          return tx.update(
                  """
                  INSERT INTO webhook_endpoints (id, project_id, created_at, updated_at, name, url,
                    event_types, secret, secret_hint)
                  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?
                  WHERE (SELECT count(*) FROM webhook_endpoints WHERE project_id = ? AND NOT deleted) < ?
                  """,
                  endpoint.id(),
                  endpoint.project(),
                  endpoint.createdAt(),
                  endpoint.updatedAt(),
                  endpoint.name(),
                  endpoint.url(),
                  endpoint.eventTypes(),
                  endpoint.secret(),
                  endpoint.hint(),
                  endpoint.project(),
                  max)
              > 0;
        });
  }

  Optional<WebhookEndpoint> find(ProjectId project, String id) {
    return jdbc.one(
        "SELECT %s FROM webhook_endpoints WHERE id = ? AND project_id = ? AND NOT deleted"
            .formatted(WebhookEndpoint.COLUMNS),
        WebhookEndpoint::read,
        id,
        project);
  }

  /** The endpoints of those of these projects that are active. */
  List<WebhookEndpoint> of(Collection<ProjectId> projects) {
    return jdbc.list(
        "SELECT %s FROM webhook_endpoints e WHERE project_id = ANY (?) AND %s"
            .formatted(WebhookEndpoint.COLUMNS, WebhookEndpoint.RECEIVES),
        WebhookEndpoint::read,
        projects);
  }

  Page<WebhookEndpoint> list(ProjectId project, PageRequest page) {
    return Keyset.of(WebhookEndpoint.COLUMNS, "webhook_endpoints")
        .within("project_id = ?", project.value())
        .within("NOT deleted")
        .page(
            page,
            (sql, params) -> jdbc.list(sql, WebhookEndpoint::read, params),
            WebhookEndpoint::id);
  }

  /**
   * The changed endpoint, which is tried at once if it has failed; empty if there is none. An
   * unchanged one keeps its time.
   */
  Optional<WebhookEndpoint> modify(
      ProjectId project, String id, ModifyWebhookEndpoint changes, Instant at) {
    return jdbc.updateReturningOne(
        """
        UPDATE webhook_endpoints SET
          updated_at = CASE
            WHEN (coalesce(?, name), coalesce(?, url), coalesce(?::text[], event_types))
              = (name, url, event_types) THEN updated_at ELSE ? END,
          name = coalesce(?, name), url = coalesce(?, url),
          event_types = coalesce(?::text[], event_types), next_attempt_at = '-infinity'
        WHERE id = ? AND project_id = ? AND NOT deleted RETURNING\s"""
            + WebhookEndpoint.COLUMNS,
        WebhookEndpoint::read,
        changes.name(),
        changes.url(),
        changes.eventTypes(),
        at,
        changes.name(),
        changes.url(),
        changes.eventTypes(),
        id,
        project);
  }

  /** Replaces the secret. The old one is used as well until a time; null for no longer. */
  Optional<WebhookEndpoint> rotate(
      ProjectId project, String id, String secret, String hint, Instant oldUntil, Instant at) {
    return jdbc.updateReturningOne(
        """
        UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = ?, secret = ?,
          secret_hint = ?, updated_at = ?
        WHERE id = ? AND project_id = ? AND NOT deleted RETURNING\s"""
            + WebhookEndpoint.COLUMNS,
        WebhookEndpoint::read,
        oldUntil,
        secret,
        hint,
        at,
        id,
        project);
  }

  /** Deletes an endpoint. Its deliveries are deleted in the background. */
  boolean delete(ProjectId project, String id) {
    return jdbc.update(
            """
            UPDATE webhook_endpoints SET deleted = true, pending = 0, fence = fence + 1, owner = NULL
            WHERE id = ? AND project_id = ? AND NOT deleted
            """,
            id,
            project)
        > 0;
  }
}
