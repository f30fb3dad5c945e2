package dev.threadmill.webhooks;

import dev.threadmill.api.Json;
import dev.threadmill.events.EventObject;
import java.time.Instant;

/**
 * The body of a delivery, in the envelope that the official SDKs unwrap.
 *
 * @param createdAt the time of the event in Unix seconds
 * @param data the event as the log shows it
 */
record WebhookBody(String id, String object, long createdAt, String type, EventObject data) {
  /** The body as it is signed and sent. */
  static String of(String id, Instant at, String type, EventObject data) {
    return Json.write(new WebhookBody(id, "event", at.getEpochSecond(), type, data));
  }
}
