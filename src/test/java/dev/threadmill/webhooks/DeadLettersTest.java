package dev.threadmill.webhooks;

import static dev.threadmill.testing.RecordingServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is stored of deliveries: outcomes, dead letters, bounds of queues. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class DeadLettersTest extends WebhookSetup {
  @Inject MeterRegistry meters;

  @Test
  void deadLettersAreReplayedInTheirOrder() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    var id = endpoint.path("id").asText();
    var thread = ids.thread();
    happens("tool_call", thread, "1", "2", "3");
    jdbc.update("UPDATE webhook_deliveries SET status = 'dead', ended_at = now()");
    jdbc.update("DELETE FROM webhook_lanes");
    jdbc.update("UPDATE webhook_endpoints SET pending = 0, dead = 3");
    var second =
        jdbc.one(
                "SELECT id FROM webhook_deliveries"
                    + " WHERE body::jsonb -> 'data' -> 'details' ->> 'n' = '2'",
                row -> row.text("id"))
            .orElseThrow();
    dispatcher.begin();

    var one = api.post("/v1/webhook_endpoints/" + id + "/deliveries/" + second + "/replay", "{}");
    assertThat(one.json().path("status").asText()).isEqualTo("pending");
    until(endpoint, "delivered", 1);
    var rest = api.post("/v1/webhook_endpoints/" + id + "/replay", "{}");
    assertThat(rest.json().path("replayed").asInt()).isEqualTo(2);
    assertThat(rest.json().path("has_more").asBoolean()).isFalse();
    until(endpoint, "delivered", 3);

    assertThat(numbers("/hook")).containsExactly("2", "1", "3");
    assertThat(
            jdbc.one(
                "SELECT pending + dead AS n FROM webhook_endpoints WHERE id = ?",
                row -> row.integer("n"),
                id))
        .contains(0);
  }

  @Test
  void manyDeadLettersOfAThreadAreReplayedInTheirOrderWithNewAttempts() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    var all = java.util.stream.IntStream.range(0, 60).mapToObj(Integer::toString).toList();
    happens("tool_call", ids.thread(), all.toArray(String[]::new));
    jdbc.update("UPDATE webhook_deliveries SET status = 'dead', ended_at = now(), attempts = 7");
    // The rows lie in the table in another order.
    jdbc.update(
        "UPDATE webhook_deliveries SET attempts = 8 WHERE (body::jsonb #>> '{data,details,n}')::int < 20");
    jdbc.update("DELETE FROM webhook_lanes");
    jdbc.update("UPDATE webhook_endpoints SET pending = 0, dead = 60");

    api.post("/v1/webhook_endpoints/" + endpoint.path("id").asText() + "/replay", "{}");
    assertThat(deliveries(endpoint, "status=pending&limit=60"))
        .hasSize(60)
        .allMatch(each -> each.path("attempts").asInt() == 0);
    dispatcher.begin();
    await().atMost(Duration.ofSeconds(20)).until(() -> receiver.calls().size() == 60);

    assertThat(numbers("/hook")).isEqualTo(all);
  }

  @Test
  void whatExceedsTheBoundsOfAQueueIsCounted() {
    endpoint("/hook", "*");
    jdbc.update("UPDATE webhook_endpoints SET pending = 100000");
    happens("tool_call", ids.thread(), "1");
    jdbc.update("UPDATE webhook_endpoints SET dead = 100000");
    double dropped = overflow("dropped");

    happens("tool_call", ids.thread(), "2", "3");

    assertThat(overflow("dropped")).isEqualTo(dropped + 2);
    assertThat(overflow("dead")).isPositive();
    assertThat(jdbc.list("SELECT status FROM webhook_deliveries", row -> row.text("status")))
        .containsExactly("dead");
  }

  private double overflow(String outcome) {
    return meters.get("threadmill.webhooks.overflow").tag("outcome", outcome).counter().count();
  }

  @Test
  void anEventThatIsDeliveredToTheSinkAgainIsQueuedOnce() {
    var endpoint = endpoint("/hook", "*");
    happens("tool_call", ids.thread(), "1");
    jdbc.update("UPDATE outbox_sinks SET from_xid = '0', sequence = 0 WHERE name = ?", sink.name());

    delivery.deliver(sink);

    assertThat(deliveries(endpoint, "")).hasSize(1);
    assertThat(
            jdbc.one(
                "SELECT pending FROM webhook_endpoints WHERE id = ?",
                row -> row.integer("pending"),
                endpoint.path("id").asText()))
        .contains(1);
  }

  @Test
  void aNodeThatHasLostAnEndpointRecordsNothing() {
    var endpoint = endpoint("/hook", "*");
    happens("tool_call", ids.thread(), "1");
    var first = queue.claim("node_a", 10).getFirst();
    var due = queue.due(first, List.of(), 10).getFirst();
    jdbc.update("UPDATE webhook_endpoints SET leased_until = '-infinity'");
    var second = queue.claim("node_b", 10).getFirst();

    var attempt = new DeliveryObject.Attempt(Instant.now().toString(), 1L, 200, null);
    assertThat(catchThrowable(() -> outcomes.delivered(first, due, attempt)))
        .isInstanceOf(DatabaseException.class);
    assertThat(queue.renew(first)).isFalse();

    assertThat(deliveries(endpoint, "").getFirst().path("status").asText()).isEqualTo("pending");
    outcomes.delivered(second, due, attempt);
    assertThat(deliveries(endpoint, "").getFirst().path("status").asText()).isEqualTo("delivered");
  }

  @Test
  void anOutcomeThatCannotBeStoredIsStoredLaterAndNothingIsSentAgain() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    jdbc.update("CREATE SEQUENCE refused_updates");
    jdbc.update(
        """
        CREATE FUNCTION refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'refused %', nextval('refused_updates');
        END $$
        """);
    jdbc.update(
        "CREATE TRIGGER refused BEFORE UPDATE ON webhook_deliveries"
            + " FOR EACH ROW EXECUTE FUNCTION refuse_update()");
    try {
      dispatcher.begin();
      happens("tool_call", ids.thread(), "1");
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  jdbc.one(
                              "SELECT last_value FROM refused_updates",
                              row -> row.bigint("last_value"))
                          .orElseThrow()
                      >= 3);
    } finally {
      jdbc.update("DROP FUNCTION refuse_update CASCADE");
      jdbc.update("DROP SEQUENCE refused_updates");
    }
    until(endpoint, "delivered", 1);

    assertThat(receiver.calls()).hasSize(1);
    assertThat(deliveries(endpoint, "").getFirst().path("attempts").asInt()).isEqualTo(1);
  }

  @Test
  void anOutcomeIsStoredOnce() {
    var endpoint = endpoint("/hook", "*");
    happens("tool_call", ids.thread(), "1", "2");
    var claim = queue.claim("node_a", 10).getFirst();
    var due = queue.due(claim, List.of(), 10).getFirst();
    var attempt = new DeliveryObject.Attempt(Instant.now().toString(), 1L, 200, null);

    outcomes.delivered(claim, due, attempt);
    assertThat(catchThrowable(() -> outcomes.delivered(claim, due, attempt)))
        .isInstanceOf(DatabaseException.class);

    assertThat(
            jdbc.one(
                "SELECT pending FROM webhook_endpoints WHERE id = ?",
                row -> row.integer("pending"),
                endpoint.path("id").asText()))
        .contains(1);
  }

  @Test
  void deliveriesAreDeletedAfterTheirRetention() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    dispatcher.begin();
    happens("tool_call", ids.thread(), "1");
    until(endpoint, "delivered", 1);

    jdbc.update("UPDATE webhook_deliveries SET ended_at = now() - interval '6 days'");
    cleanUp.cleanUp();
    assertThat(deliveries(endpoint, "")).hasSize(1);
    jdbc.update("UPDATE webhook_deliveries SET ended_at = now() - interval '8 days'");
    cleanUp.cleanUp();

    assertThat(deliveries(endpoint, "")).isEmpty();
  }
}
