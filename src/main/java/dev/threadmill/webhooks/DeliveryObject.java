package dev.threadmill.webhooks;

import dev.threadmill.db.Row;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * A delivery on the wire.
 *
 * @param status {@code pending}, {@code delivered} or {@code dead}
 * @param attempts how many there were since it was queued, at first or by a replay
 * @param endedAt when it was delivered or given up; null while it is pending
 * @param history the latest attempts, oldest first
 */
@Schema(name = "WebhookDelivery")
public record DeliveryObject(
    String id,
    String object,
    long createdAt,
    String webhookEndpointId,
    String eventId,
    String eventType,
    String status,
    int attempts,
    Long endedAt,
    List<Attempt> history) {
  static final String PREFIX = "whd_";
  static final String COLUMNS =
      "id, created_at, endpoint_id, event_id, event, status, attempts, ended_at, history";

  static DeliveryObject read(Row row) throws SQLException {
    var ended = row.instant("ended_at");
    return new DeliveryObject(
        row.text("id"),
        "webhook_endpoint.delivery",
        row.instant("created_at").getEpochSecond(),
        row.text("endpoint_id"),
        row.text("event_id"),
        row.text("event"),
        row.text("status"),
        row.integer("attempts"),
        ended == null ? null : ended.getEpochSecond(),
        List.of(row.json("history", Attempt[].class)));
  }

  /**
   * An attempt of the history.
   *
   * @param at in UTC as ISO 8601; null, as the latency, for a delivery that was not attempted
   * @param statusCode of the response; null without one
   * @param error why it did not count as delivered; null if it did
   */
  @Schema(name = "WebhookAttempt")
  public record Attempt(String at, Long latencyMs, Integer statusCode, String error) {
    static Attempt of(Instant at, SendWebhook.Outcome outcome) {
      return new Attempt(at.toString(), outcome.latencyMs(), outcome.statusCode(), outcome.error());
    }
  }
}
