package dev.threadmill.webhooks;

import static dev.threadmill.testing.RecordingServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import dev.threadmill.testing.RecordingServer.ReceivedRequest;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Webhooks from the outbox to a receiver that fails, is slow, or goes away. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class WebhookDeliveryTest extends WebhookSetup {
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

  /** Every lane is due at once, as if the pauses had passed. */
  private void passPauses() {
    jdbc.update("UPDATE webhook_lanes SET next_attempt_at = now() - interval '1 hour'");
    jdbc.update("UPDATE webhook_endpoints SET next_attempt_at = '-infinity'");
    dispatcher.queued(List.of());
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
  void aPauseUntilADateHoldsForItsEndpoint() {
    asksForAPause(
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(10)));
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
                  .map(WebhookSetup::number)
                  .distinct())
          .containsExactlyElementsOf(expected);
    }
    assertThat(deliveries(endpoint, "status=dead")).isEmpty();
  }
}
