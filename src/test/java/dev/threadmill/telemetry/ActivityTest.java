package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What runs leave in the outbox, and what the log and the metrics make of it. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ActivityTest {
  private final ApiClient api = ApiClient.user();
  private final String model = "activity-" + UUID.randomUUID();

  @Inject Jdbc jdbc;
  @Inject RunLogSink log;
  @Inject RunMetricsSink metrics;
  @Inject MeterRegistry meters;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  private List<OutboxEvent> events(JsonNode run) {
    return jdbc.list(
        """
        SELECT id, project_id, thread_id, type, payload FROM outbox
        WHERE payload ->> 'run_id' = ? ORDER BY sequence
        """,
        row ->
            new OutboxEvent(
                row.text("id"),
                row.text("project_id", ProjectId::new),
                row.text("thread_id", ThreadId::new),
                row.text("type"),
                row.json("payload", JsonNode.class)),
        run.path("id").asText());
  }

  private JsonNode completed(Reply... replies) {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(replies);
    var run = conversation.run();
    if (replies.length > 1) {
      run = conversation.until(run, "requires_action");
      conversation.submit(run, Conversation.outputs(Conversation.calls(run)));
    }
    return conversation.until(run, "completed", "failed");
  }

  private JsonNode only(List<OutboxEvent> events, String type) {
    var found = events.stream().filter(event -> event.type().equals(type)).toList();
    assertThat(found).as(type).hasSize(1);
    return found.getFirst().payload();
  }

  @Test
  void aPlainRunLeavesAnEventForEachThingThatHappenedInItsOrder() {
    var run = completed(Reply.text("one two three"));

    var events = events(run);

    assertThat(events)
        .extracting(OutboxEvent::type)
        .containsExactly("run.created", "model_call", "message.created", "run.completed");
    assertThat(events).extracting(OutboxEvent::id).doesNotHaveDuplicates().allMatch(ids());
    var end = events.getLast().payload();
    assertThat(end.path("event").asText()).isEqualTo("run.completed");
    assertThat(end.path("status").asText()).isEqualTo("completed");
    assertThat(end.path("thread_id")).isEqualTo(run.path("thread_id"));
    assertThat(end.path("assistant_id")).isEqualTo(run.path("assistant_id"));
    assertThat(end.path("project_id").asText()).startsWith("proj_");
    assertThat(end.path("model").asText()).isEqualTo(model);
    assertThat(end.path("input_tokens").asInt()).isEqualTo(10);
    assertThat(end.path("output_tokens").asInt()).isEqualTo(3);
    assertThat(end.path("latency_ms").isIntegralNumber()).isTrue();
    assertThat(end.path("safety_flag").isNull()).isTrue();
    assertThat(Instant.parse(end.path("timestamp").asText())).isBeforeOrEqualTo(Instant.now());
    var call = only(events, "model_call");
    assertThat(call.path("input_tokens").asInt()).isEqualTo(10);
    assertThat(call.path("output_tokens").asInt()).isEqualTo(3);
    assertThat(call.path("details").path("finish_reason").asText()).isEqualTo("stop");
    var message = only(events, "message.created");
    assertThat(message.path("details").path("role").asText()).isEqualTo("assistant");
  }

  private static Predicate<String> ids() {
    return id -> id.startsWith(OutboxEvent.PREFIX);
  }

  @Test
  void allEventsOfARunNameTheKeyAndTheRequestThatCreatedIt() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(Reply.call("ask", "{}"), Reply.text("Done."));
    var created = conversation.run(conversation.body());
    var run = conversation.until(created.json(), "requires_action");
    conversation.submit(run, Conversation.outputs(Conversation.calls(run)));
    conversation.until(run, "completed");

    var events = events(run);

    assertThat(events).hasSize(7);
    assertThat(events)
        .extracting(event -> event.payload().path("request_id").asText())
        .containsOnly(created.headers().firstValue("x-request-id").orElseThrow());
    assertThat(events)
        .extracting(event -> event.payload().path("key").asText())
        .allMatch(key -> key.startsWith("key_"))
        .hasSize(7);
  }

  @Test
  void theMessageOfAClientHasAnEventWithTheRequestThatSentIt() {
    var thread = api.post("/v1/threads", "{}").id();
    api.post("/v1/threads/" + thread + "/messages", "{\"role\": \"user\", \"content\": \"Hello\"}");

    var event =
        jdbc.one(
                "SELECT payload FROM outbox WHERE thread_id = ?",
                row -> row.json("payload", JsonNode.class),
                thread)
            .orElseThrow();

    assertThat(event.path("event").asText()).isEqualTo("message.created");
    assertThat(event.path("details").path("role").asText()).isEqualTo("user");
    assertThat(event.path("request_id").asText()).startsWith("req_");
    assertThat(event.path("run_id").isNull()).isTrue();
  }

  @Test
  void aCallOfAFunctionOfTheClientHasAnEventAndTheEndOfTheRunNamesIt() {
    var run = completed(Reply.call("ask", "{}"), Reply.text("Done."));

    var events = events(run);

    var call = only(events, "tool_call");
    assertThat(call.path("tool").asText()).isEqualTo("ask");
    assertThat(call.path("status").asText()).isEqualTo("completed");
    assertThat(call.path("latency_ms").isIntegralNumber()).isTrue();
    assertThat(events.getLast().payload().path("details").path("tools").toString())
        .isEqualTo("[\"ask\"]");
  }

  @Test
  void aFailedModelCallHasAnEvent() {
    var run = completed(Reply.error(400, "invalid_request_error", "No."));

    var events = events(run);

    var call = only(events, "model_call");
    assertThat(call.path("status").asText()).isEqualTo("failed");
    assertThat(call.path("details").path("error").asText()).isEqualTo("invalid_prompt");
    assertThat(events.getLast().type()).isEqualTo("run.failed");
  }

  @Test
  void aPlainRunStoresItsEventsWithoutATransactionOfTheirOwn() {
    var run = completed(Reply.text("one"));

    var transactions =
        jdbc.one(
                "SELECT count(DISTINCT written) AS n FROM outbox WHERE payload ->> 'run_id' = ?",
                row -> row.integer("n"),
                run.path("id").asText())
            .orElseThrow();

    assertThat(transactions)
        .as("the one that creates the run and the one that ends it")
        .isEqualTo(2);
  }

  @Test
  void theLogHasOneLineOfJsonForARunThatHasEnded() {
    var events = events(completed(Reply.text("Yes.")));
    var lines = new ArrayList<String>();
    var logger = Logger.getLogger("threadmill.run_log");
    var handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            lines.add(record.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    try {
      log.deliver(events);
    } finally {
      logger.removeHandler(handler);
    }

    assertThat(lines).hasSize(1);
    var line = Json.tree(lines.getFirst());
    assertThat(line.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "event",
            "timestamp",
            "project_id",
            "assistant_id",
            "thread_id",
            "run_id",
            "tool",
            "latency_ms",
            "input_tokens",
            "output_tokens",
            "safety_flag",
            "model",
            "key",
            "cost",
            "status",
            "request_id",
            "details");
    assertThat(lines.getFirst()).doesNotContain("\n");
  }

  @Test
  void metricsCountRunsByStatusAndTokens() {
    var events = events(completed(Reply.text("a b")));
    metrics.deliver(List.of());
    double runs = runs("completed");
    double output = tokens("output");

    metrics.deliver(events);

    assertThat(runs("completed")).isEqualTo(runs + 1);
    assertThat(tokens("output")).isEqualTo(output + 2);
    assertThat(meters.get("threadmill.runs.created").counter().count()).isPositive();
  }

  private double runs(String status) {
    var timer = meters.find("threadmill.runs").tag("status", status).timer();
    return timer == null ? 0 : timer.count();
  }

  private double tokens(String direction) {
    return meters.get("threadmill.tokens").tag("direction", direction).counter().count();
  }
}
