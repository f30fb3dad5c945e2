package dev.threadmill.webhooks;

import static dev.threadmill.testing.RecordingServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.RecordingServer.ReceivedRequest;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Webhooks from the outbox to a receiver that fails, is slow, or goes away. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class WebhooksTest {
  @Inject Outbox outbox;
  @Inject OutboxDelivery delivery;
  @Inject WebhookSink sink;
  @Inject WebhookDispatcher dispatcher;
  @Inject DeliveryQueue queue;
  @Inject DeliveryOutcomes outcomes;
  @Inject DeliveryStore deliveries;
  @Inject CleanUpDeliveries cleanUp;
  @Inject MeterRegistry meters;
  @Inject Jdbc jdbc;
  @Inject Ids ids;

  private RecordingServer receiver;
  private ProjectId project;
  private ApiClient api;

  @BeforeEach
  void setUp() {
    delivery.register(sink);
    delivery.deliver(sink);
    clear();
    receiver = RecordingServer.start();
    project = new ProjectId(ApiClient.admin().post("/v1/projects", "{\"name\": \"hooks\"}").id());
    var key = ApiClient.admin().post("/v1/projects/" + project + "/api_keys", "{}");
    api = ApiClient.withKey(key.json().path("value").asText());
  }

  @AfterEach
  void tearDown() throws InterruptedException {
    dispatcher.end();
    receiver.close();
    clear();
  }

  private void clear() {
    jdbc.update("DELETE FROM webhook_lanes");
    jdbc.update("DELETE FROM webhook_deliveries");
    jdbc.update("DELETE FROM webhook_endpoints");
  }

  private JsonNode endpoint(String path, String... types) {
    var body =
        Json.write(
            Map.of("name", "hook", "url", receiver.url(path), "event_types", List.of(types)));
    var response = api.post("/v1/webhook_endpoints", body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private void happens(String type, ThreadId thread, String... ofEach) {
    jdbc.runInTransaction(
        tx -> {
          for (var detail : ofEach) {
            outbox.append(
                tx,
                Activity.of(type, project, Instant.now())
                    .thread(thread)
                    .detail("n", detail)
                    .build());
          }
        });
    delivery.deliver(sink);
  }

  private static String number(ReceivedRequest call) {
    return Json.tree(call.body()).path("data").path("details").path("n").asText();
  }

  private List<String> numbers(String path) {
    return receiver.calls().stream()
        .filter(call -> call.path().equals(path))
        .map(WebhooksTest::number)
        .toList();
  }

  private List<JsonNode> deliveries(JsonNode endpoint, String query) {
    var page =
        api.get("/v1/webhook_endpoints/" + endpoint.path("id").asText() + "/deliveries?" + query);
    var all = new ArrayList<JsonNode>();
    page.json().path("data").forEach(all::add);
    return all;
  }

  private void until(JsonNode endpoint, String status, int count) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> deliveries(endpoint, "status=" + status).size() == count);
  }

  /** Every lane is due at once, as if the pauses had passed. */
  private void passPauses() {
    jdbc.update("UPDATE webhook_lanes SET next_attempt_at = now() - interval '1 hour'");
    jdbc.update("UPDATE webhook_endpoints SET next_attempt_at = '-infinity'");
    dispatcher.queued(List.of());
  }

  @Test
  void anEndpointReceivesTheEventsThatItSubscribesTo() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "tool_call");
    dispatcher.begin();

    happens("tool_call", ids.thread(), "1");
    happens("model_call", ids.thread(), "2");
    until(endpoint, "delivered", 1);

    var call = receiver.calls().getFirst();
    var body = Json.tree(call.body());
    assertThat(numbers("/hook")).containsExactly("1");
    assertThat(body.path("id").asText()).isEqualTo(call.header("webhook-id"));
    assertThat(body.path("object").asText()).isEqualTo("event");
    assertThat(body.path("type").asText()).isEqualTo("tool_call");
    assertThat(body.path("created_at").isIntegralNumber()).isTrue();
    assertThat(body.path("data").path("project_id").asText()).isEqualTo(project.value());
    var secret = endpoint.path("signing_secret").asText();
    assertThat(call.header("webhook-signature"))
        .isEqualTo(
            WebhookSignature.header(
                List.of(secret),
                call.header("webhook-id"),
                Long.parseLong(call.header("webhook-timestamp")),
                call.body()));
    var listed = deliveries(endpoint, "").getFirst();
    assertThat(listed.path("attempts").asInt()).isEqualTo(1);
    assertThat(listed.path("history").get(0).path("status_code").asInt()).isEqualTo(200);
  }

  @Test
  void theEventsOfAThreadArriveInOrderAlthoughTheReceiverFails() {
    var failures = new AtomicInteger(3);
    receiver.on(
        "/hook",
        (exchange, call) ->
            RecordingServer.reply(
                exchange,
                number(call).equals("2") && failures.getAndDecrement() > 0 ? 500 : 200,
                "text/plain",
                ""));
    var endpoint = endpoint("/hook", "*");
    var thread = ids.thread();
    var other = ids.thread();
    dispatcher.begin();

    happens("tool_call", thread, "1", "2", "3");
    happens("tool_call", other, "other");
    for (int attempt = 1; attempt <= 3; attempt++) {
      int count = attempt;
      await().atMost(Duration.ofSeconds(20)).until(() -> attemptsOf(endpoint, "2") == count);
      passPauses();
    }
    until(endpoint, "delivered", 4);

    assertThat(numbers("/hook").stream().filter(each -> !each.equals("other")))
        .containsExactly("1", "2", "2", "2", "2", "3");
    assertThat(numbers("/hook").indexOf("other")).isLessThan(numbers("/hook").indexOf("3"));
  }

  private int attemptsOf(JsonNode endpoint, String number) {
    return jdbc.one(
            "SELECT attempts FROM webhook_deliveries WHERE endpoint_id = ?"
                + " AND body::jsonb -> 'data' -> 'details' ->> 'n' = ?",
            row -> row.integer("attempts"),
            endpoint.path("id").asText(),
            number)
        .orElse(0);
  }

  @Test
  void aReceiverThatHangsDelaysNoOtherEndpoint() {
    var mayAnswer = new CountDownLatch(1);
    receiver.on(
        "/slow",
        (exchange, _) -> {
          awaitUninterruptibly(mayAnswer);
          RecordingServer.reply(exchange, 200, "text/plain", "");
        });
    receiver.on("/fast", json(200, "{}"));
    var slow = endpoint("/slow", "*");
    var fast = endpoint("/fast", "*");
    dispatcher.begin();

    for (int i = 0; i < 10; i++) {
      happens("tool_call", ids.thread(), Integer.toString(i));
    }
    until(fast, "delivered", 10);

    assertThat(deliveries(slow, "status=delivered")).isEmpty();
    mayAnswer.countDown();
    until(slow, "delivered", 10);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void whatIsRedirectedIsNotFollowedAndIsGivenUpAfterThreeDays() {
    receiver.on("/hook", RecordingServer.redirect(307, receiver.url("/elsewhere")));
    receiver.on("/elsewhere", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    dispatcher.begin();

    happens("tool_call", ids.thread(), "1");
    await().atMost(Duration.ofSeconds(20)).until(() -> attemptsOf(endpoint, "1") == 1);
    jdbc.update("UPDATE webhook_deliveries SET since = now() - interval '3 days'");
    passPauses();
    until(endpoint, "dead", 1);

    assertThat(receiver.calls()).extracting(ReceivedRequest::path).containsOnly("/hook");
    var history = deliveries(endpoint, "status=dead").getFirst().path("history");
    assertThat(history).hasSize(2);
    assertThat(history.get(1).path("error").asText()).contains("redirects (status 307)");
  }

  @Test
  void anEndpointThatFailsIsLeftAloneAlthoughManyThreadsWait() {
    receiver.on("/hook", json(500, "{}"));
    var endpoint = endpoint("/hook", "*");
    for (int i = 0; i < 20; i++) {
      happens("tool_call", ids.thread(), Integer.toString(i));
    }
    dispatcher.begin();

    await().atMost(Duration.ofSeconds(20)).until(() -> failures(endpoint) == 3);
    assertThat(receiver.calls()).hasSize(3);
    assertThat(queue.claim("node_a", 10)).isEmpty();

    passPauses();
    await().atMost(Duration.ofSeconds(20)).until(() -> failures(endpoint) == 4);
    assertThat(receiver.calls()).hasSize(4);

    jdbc.update("UPDATE webhook_deliveries SET since = now() - interval '3 days'");
    passPauses();
    until(endpoint, "dead", 20);
    assertThat(receiver.calls().size()).isLessThanOrEqualTo(6);
    assertThat(jdbc.list("SELECT lane FROM webhook_lanes", row -> row.text("lane"))).isEmpty();
  }

  private int failures(JsonNode endpoint) {
    return jdbc.one(
            "SELECT failures FROM webhook_endpoints WHERE id = ?",
            row -> row.integer("failures"),
            endpoint.path("id").asText())
        .orElseThrow();
  }

  @Test
  void aPauseThatAReceiverAsksForHoldsForItsEndpoint() {
    asksForAPause("600");
  }

  @Test
  void aPauseUntilADateHoldsForItsEndpoint() {
    asksForAPause(
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(10)));
  }

  private void asksForAPause(String retryAfter) {
    receiver.on(
        "/hook",
        (exchange, _) -> {
          exchange.getResponseHeaders().add("retry-after", retryAfter);
          RecordingServer.reply(exchange, 429, "text/plain", "");
        });
    var endpoint = endpoint("/hook", "*");
    happens("tool_call", ids.thread(), "1");
    dispatcher.begin();
    await().atMost(Duration.ofSeconds(20)).until(() -> failures(endpoint) == 1);

    happens("tool_call", ids.thread(), "2");

    assertThat(queue.untilDue().orElseThrow()).isGreaterThan(Duration.ofMinutes(9));
    assertThat(queue.claim("node_a", 10)).isEmpty();
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void theLanesThatAreDueForTheLongestTimeComeFirst() {
    endpoint("/hook", "*");
    var later = ids.thread();
    var earlier = ids.thread();
    happens("tool_call", later, "1", "2");
    happens("tool_call", earlier, "3");
    jdbc.update(
        "UPDATE webhook_lanes SET next_attempt_at = now() - interval '1 hour' WHERE lane = ?",
        earlier);
    var claim = queue.claim("node_a", 10).getFirst();

    var due = queue.due(claim, List.of(), 1);
    var next = queue.due(claim, List.of(earlier.value()), 5);

    assertThat(due).extracting(DeliveryQueue.Due::lane).containsExactly(earlier.value());
    assertThat(next).extracting(DeliveryQueue.Due::lane).containsExactly(later.value());
    outcomes.postpone(claim, next.getFirst(), Duration.ofMinutes(1));
    assertThat(queue.due(claim, List.of(earlier.value()), 5)).isEmpty();
    assertThat(queue.untilDue(claim, List.of(earlier.value())).orElseThrow())
        .isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
  }

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
  void afterARotationTheOldSecretSignsAsWellIfItIsKept() {
    receiver.on("/hook", json(200, "{}"));
    var endpoint = endpoint("/hook", "*");
    var id = endpoint.path("id").asText();
    dispatcher.begin();

    var rotated =
        api.post(
                "/v1/webhook_endpoints/" + id + "/rotate_secret",
                "{\"keep_old_secret_active_for_24_hours\": true}")
            .json();
    happens("tool_call", ids.thread(), "1");
    until(endpoint, "delivered", 1);
    api.post("/v1/webhook_endpoints/" + id + "/rotate_secret", "{}");
    happens("tool_call", ids.thread(), "2");
    until(endpoint, "delivered", 2);

    assertThat(rotated.path("signing_secret").asText())
        .isNotEqualTo(endpoint.path("signing_secret").asText());
    assertThat(receiver.calls().get(0).header("webhook-signature").split(" ")).hasSize(2);
    assertThat(receiver.calls().get(1).header("webhook-signature").split(" ")).hasSize(1);
  }

  @Test
  void secretsAreStoredEncryptedAndShownOnce() {
    var endpoint = endpoint("/hook", "*");
    var id = endpoint.path("id").asText();
    var secret = endpoint.path("signing_secret").asText();

    assertThat(secret).startsWith("whsec_");
    assertThat(api.get("/v1/webhook_endpoints/" + id).text()).doesNotContain(secret);
    assertThat(api.get("/v1/webhook_endpoints").text()).doesNotContain(secret);
    assertThat(
            jdbc.one(
                    "SELECT to_json(e)::text AS row FROM webhook_endpoints e WHERE id = ?",
                    row -> row.text("row"),
                    id)
                .orElseThrow())
        .doesNotContain(secret.substring("whsec_".length()));
  }

  @Test
  void aDeletedEndpointReceivesNothingAndItsDeliveriesAreDeleted() {
    var endpoint = endpoint("/hook", "*");
    var id = endpoint.path("id").asText();
    happens("tool_call", ids.thread(), "1");

    assertThat(api.delete("/v1/webhook_endpoints/" + id).json().path("object").asText())
        .isEqualTo("webhook_endpoint.deleted");
    happens("tool_call", ids.thread(), "2");
    assertThat(queue.claim("node_a", 10)).isEmpty();
    assertThat(api.get("/v1/webhook_endpoints/" + id).status()).isEqualTo(404);
    cleanUp.cleanUp();

    for (var table : List.of("webhook_endpoints", "webhook_deliveries", "webhook_lanes")) {
      assertThat(jdbc.one("SELECT count(*) AS n FROM " + table, row -> row.integer("n")))
          .as(table)
          .contains(0);
    }
  }

  @Test
  void nothingIsSentToAnEndpointThatIsDeletedWhileANodeHasIt() {
    var endpoint = endpoint("/hook", "*");
    var id = endpoint.path("id").asText();
    happens("tool_call", ids.thread(), "1");
    var claim = queue.claim("node_a", 10).getFirst();

    api.delete("/v1/webhook_endpoints/" + id);
    // As if an event had been queued at the same moment.
    jdbc.update("UPDATE webhook_endpoints SET pending = 1, leased_until = '-infinity'");

    assertThat(queue.renew(claim)).isFalse();
    assertThat(queue.claim("node_b", 10)).isEmpty();
    assertThat(queue.untilDue()).isEmpty();
    jdbc.update("UPDATE webhook_deliveries SET status = 'dead', ended_at = now()");
    assertThat(catchThrowable(() -> deliveries.replayDead(id, 10)))
        .isInstanceOf(ApiException.class);
  }

  @Test
  void nothingIsSentForAnArchivedProject() {
    var endpoint = endpoint("/hook", "*");
    happens("tool_call", ids.thread(), "1");
    var claim = queue.claim("node_a", 10).getFirst();

    ApiClient.admin().delete("/v1/projects/" + project);
    happens("tool_call", ids.thread(), "2");

    assertThat(
            jdbc.one(
                "SELECT count(*) AS n FROM webhook_deliveries WHERE endpoint_id = ?",
                row -> row.integer("n"),
                endpoint.path("id").asText()))
        .contains(1);
    assertThat(queue.renew(claim)).isFalse();
    queue.release(claim);
    assertThat(queue.claim("node_b", 10)).isEmpty();
    assertThat(queue.untilDue()).isEmpty();
    cleanUp.cleanUp();
    assertThat(count("webhook_deliveries")).isZero();
    assertThat(count("webhook_endpoints")).isZero();
  }

  private int count(String table) {
    return jdbc.one("SELECT count(*)::int AS n FROM " + table, row -> row.integer("n"))
        .orElseThrow();
  }

  @Test
  void nothingIsLostAndTheOrderIsKeptWhileAReceiverIsDownForTenMinutes() {
    // Given
    var isUp = new AtomicBoolean();
    var accepted = new CopyOnWriteArrayList<ReceivedRequest>();
    receiver.on(
        "/hook",
        (exchange, call) -> {
          if (isUp.get()) {
            accepted.add(call);
            RecordingServer.reply(exchange, 200, "text/plain", "");
          } else {
            // The connection breaks without an answer.
            exchange.close();
          }
        });
    var endpoint = endpoint("/hook", "*");
    var threads = List.of(ids.thread(), ids.thread(), ids.thread());
    dispatcher.begin();

    // When: the pauses double from 5 s, so eight of them are more than ten minutes.
    for (int minute = 0; minute < 8; minute++) {
      for (var thread : threads) {
        happens("tool_call", thread, minute + "a", minute + "b");
      }
      int attempts = receiver.calls().size();
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () -> {
                passPauses();
                return receiver.calls().size() > attempts;
              });
    }
    isUp.set(true);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              passPauses();
              return deliveries(endpoint, "status=pending&limit=1").isEmpty();
            });

    // Then
    var expected = new ArrayList<String>();
    for (int minute = 0; minute < 8; minute++) {
      expected.addAll(List.of(minute + "a", minute + "b"));
    }
    for (var thread : threads) {
      assertThat(
              accepted.stream()
                  .filter(call -> call.body().contains(thread.value()))
                  .map(WebhooksTest::number)
                  .distinct())
          .containsExactlyElementsOf(expected);
    }
    assertThat(deliveries(endpoint, "status=dead")).isEmpty();
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

  @Test
  void theEndpointsOfAProjectAreItsOwn() {
    var id = endpoint("/hook", "*").path("id").asText();
    var below = "/v1/projects/" + project + "/logs/webhooks";

    assertThat(ApiClient.user().get("/v1/webhook_endpoints/" + id).status()).isEqualTo(404);
    assertThat(ApiClient.user().post("/v1/webhook_endpoints/" + id + "/test", example()).status())
        .isEqualTo(404);
    assertThat(ApiClient.user().get(below).status()).isEqualTo(404);
    assertThat(ApiClient.admin().get(below).json().path("data")).hasSize(1);
    assertThat(api.get(below + "/" + id).json().path("id").asText()).isEqualTo(id);
  }

  private static String example() {
    return "{\"event_type\": \"run.completed\"}";
  }

  @Test
  void aTestSendsAnExampleOnceAndReportsItsStatus() {
    receiver.on("/hook", json(503, "{}"));
    var id = endpoint("/hook", "*").path("id").asText();

    var result = api.post("/v1/webhook_endpoints/" + id + "/test", example()).json();

    assertThat(result.path("object").asText()).isEqualTo("webhook_endpoint.test");
    assertThat(result.path("status_code").asInt()).isEqualTo(503);
    assertThat(result.path("success").asBoolean(true)).isFalse();
    assertThat(receiver.calls()).hasSize(1);
    receiver.on("/hook", json(204, ""));
    assertThat(
            api.post("/v1/webhook_endpoints/" + id + "/test", example())
                .json()
                .path("success")
                .asBoolean())
        .isTrue();
    assertThat(receiver.calls()).hasSize(2);
  }

  @Test
  void invalidEndpointsAreRefusedWithTheField() {
    var valid = "\"name\": \"n\", \"url\": \"https://example.com\", \"event_types\": [\"*\"]";
    for (var wrong :
        Map.of(
                "url", valid.replace("https://example.com", "ftp://example.com"),
                "name", valid.replace("\"n\"", "\"\""),
                "event_types[0]", valid.replace("*", "response.completed"),
                "event_types", valid.replace("\"*\"", ""))
            .entrySet()) {
      var response = api.post("/v1/webhook_endpoints", "{" + wrong.getValue() + "}");

      assertThat(response.status()).as(wrong.getKey()).isEqualTo(400);
      assertThat(response.error().path("param").asText()).isEqualTo(wrong.getKey());
    }
  }

  @Test
  void requestsWithoutABodyAreRefused() {
    var id = endpoint("/hook", "*").path("id").asText();
    for (var base :
        List.of("/v1/webhook_endpoints", "/v1/projects/" + project + "/logs/webhooks")) {
      for (var path : List.of(base, base + "/" + id + "/test")) {
        for (var body : java.util.Arrays.asList(null, "", "null", "[]", "{}")) {
          var response = api.post(path, body);
          assertThat(response.status()).as("%s %s %s", path, body, response.text()).isEqualTo(400);
        }
      }
      assertThat(api.post(base + "/" + id, "null").status()).isEqualTo(400);
      assertThat(api.post(base + "/" + id + "/rotate_secret", "null").status()).isEqualTo(400);
      assertThat(api.post(base + "/" + id + "/rotate_secret", "").status()).isEqualTo(200);
      assertThat(api.post(base + "/" + id + "/rotate_secret", null).status()).isEqualTo(200);
    }
  }

  @Test
  void aProjectHasABoundedNumberOfEndpoints() {
    for (int i = 0; i < 20; i++) {
      endpoint("/hook", "*");
    }
    var body =
        Json.write(
            Map.of("name", "one more", "url", receiver.url("/hook"), "event_types", List.of("*")));

    assertThat(api.post("/v1/webhook_endpoints", body).status()).isEqualTo(400);
  }
}
