package dev.threadmill.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The log of a project: what it lists, how it is filtered, followed, kept and protected. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class LogsTest {
  private static final String LOGS = "/v1/projects/proj_default/logs";

  private final ApiClient api = ApiClient.user();
  private final String model = "logged-" + UUID.randomUUID();

  @Inject OutboxDelivery outbox;
  @Inject EventLogSink sink;
  @Inject EventLogStore store;
  @Inject SettableClock clock;
  @Inject Jdbc jdbc;

  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
    outbox.register(sink);
  }

  /** A run that calls a function, and its events in the log. */
  private JsonNode logged() {
    var conversation = Conversation.of(api, model, "Go", "ask");
    provider.reply(Reply.call("ask", "{}"), Reply.text("Done."));
    var run = conversation.until(conversation.run(), "requires_action");
    conversation.submit(run, Conversation.outputs(Conversation.calls(run)));
    var ended = conversation.until(run, "completed");
    outbox.deliver(sink);
    return ended;
  }

  private List<JsonNode> list(String query) {
    var response = api.get(LOGS + "?limit=100&order=asc&" + query);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    var events = new ArrayList<JsonNode>();
    response.json().path("data").forEach(events::add);
    return events;
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.path("event").asText()).toList();
  }

  @Test
  void theLogListsTheEventsOfARunInTheirOrder() {
    var run = logged();

    var events = list("run_id=" + run.path("id").asText());

    assertThat(types(events))
        .containsExactly(
            "run.created",
            "model_call",
            "run.requires_action",
            "tool_call",
            "model_call",
            "message.created",
            "run.completed");
    assertThat(events.get(3).fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "object",
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
  }

  @Test
  void everyFieldFilters() {
    var run = logged();
    var of = "run_id=" + run.path("id").asText();
    var first = list(of).getFirst();

    assertThat(types(list(of + "&event=tool_call"))).containsExactly("tool_call");
    assertThat(types(list(of + "&event=tool_call,run.created")))
        .containsExactly("run.created", "tool_call");
    assertThat(types(list(of + "&event=tool_call&event=run.created")))
        .containsExactly("run.created", "tool_call");
    assertThat(types(list(of + "&tool=ask"))).containsExactly("tool_call");
    assertThat(list(of + "&tool=other")).isEmpty();
    assertThat(list("model=" + model)).hasSize(6);
    assertThat(list(of + "&status=queued")).hasSizeLessThanOrEqualTo(1);
    assertThat(list(of + "&status=completed")).hasSizeGreaterThanOrEqualTo(4);
    assertThat(list(of + "&safety_flag=any")).isEmpty();
    assertThat(list(of + "&min_input_tokens=1&event=model_call")).hasSize(2);
    assertThat(list(of + "&max_output_tokens=0")).isEmpty();
    assertThat(list(of + "&min_latency_ms=0&event=tool_call")).hasSize(1);
    assertThat(list(of + "&min_latency_ms=9999999")).isEmpty();
    assertThat(list(of + "&min_cost=1000")).isEmpty();
    assertThat(api.get(LOGS + "?min_cost=much").error().path("param").asText())
        .isEqualTo("min_cost");
    assertThat(list(of + "&key=" + first.path("key").asText())).hasSize(7);
    assertThat(list(of + "&key=key_other")).isEmpty();
    assertThat(list("request_id=" + first.path("request_id").asText())).hasSize(7);
    assertThat(list("thread_id=" + run.path("thread_id").asText()))
        .as("with the message of the client")
        .hasSize(8);
    assertThat(list("assistant_id=" + run.path("assistant_id").asText())).hasSize(7);
    var created = Instant.parse(first.path("timestamp").asText());
    assertThat(list(of + "&start_time=" + created)).hasSize(7);
    assertThat(list(of + "&end_time=" + created)).isEmpty();
    assertThat(list(of + "&start_time=" + (created.getEpochSecond() + 3600))).isEmpty();
  }

  @Test
  void pagesFollowEachOtherInBothDirections() {
    var of = "run_id=" + logged().path("id").asText();
    var all = list(of);

    var first = api.get(LOGS + "?limit=4&" + of).json();
    var second =
        api.get(LOGS + "?limit=4&" + of + "&after=" + first.path("last_id").asText()).json();
    var back =
        api.get(LOGS + "?limit=4&" + of + "&before=" + second.path("first_id").asText()).json();

    assertThat(first.path("has_more").asBoolean()).isTrue();
    assertThat(second.path("has_more").asBoolean()).isFalse();
    assertThat(first.path("data")).hasSize(4);
    assertThat(second.path("data")).hasSize(3);
    assertThat(back.path("data")).isEqualTo(first.path("data"));
    assertThat(first.path("data").get(0)).isEqualTo(all.getLast());
    assertThat(second.path("data").get(2)).isEqualTo(all.getFirst());
  }

  @Test
  void eventsThatAreDeliveredAgainAreInTheLogOnce() {
    var of = "run_id=" + logged().path("id").asText();
    var before = list(of);
    jdbc.update("UPDATE outbox_sinks SET from_xid = '0', sequence = 0 WHERE name = ?", sink.name());

    outbox.deliver(sink);

    assertThat(list(of)).isEqualTo(before);
  }

  @Test
  void aStreamSendsNewEventsAndResumesBehindTheLastOne() throws Exception {
    var thread = api.post("/v1/threads", "{}").id();
    var address = LOGS + "?stream=true&thread_id=" + thread;
    String last;
    try (var stream = api.events(address)) {
      say(thread, "one");
      outbox.deliver(sink);
      var event = stream.next();
      assertThat(event.event()).isEqualTo("message.created");
      assertThat(event.json().path("id").asText()).isEqualTo(event.id());
      last = event.id();
    }
    say(thread, "two");
    say(thread, "three");
    outbox.deliver(sink);

    try (var resumed = api.with("Last-Event-ID", last).events(address)) {
      var second = resumed.next();
      var third = resumed.next();
      assertThat(List.of(second.id(), third.id()))
          .isEqualTo(
              list("thread_id=" + thread).stream()
                  .skip(1)
                  .map(each -> each.path("id").asText())
                  .toList());
    }
  }

  @Test
  void aStreamEndsWithItsKey() throws Exception {
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"followed\"}").id();
    var keys = "/v1/projects/" + project + "/api_keys";
    var key = ApiClient.admin().post(keys, "{}").json();
    var other = ApiClient.admin().post(keys, "{}").json();
    var address = "/v1/projects/" + project + "/logs?stream=true";
    try (var stream = ApiClient.withKey(key.path("value").asText()).events(address);
        var kept = ApiClient.withKey(other.path("value").asText()).events(address)) {
      ApiClient.admin().delete(keys + "/" + key.path("id").asText());
      assertThat(stream.next().event()).isEqualTo("error");
      assertThat(stream.next()).isNull();

      var thread = ApiClient.withKey(other.path("value").asText()).post("/v1/threads", "{}").id();
      ApiClient.withKey(other.path("value").asText())
          .post("/v1/threads/" + thread + "/messages", "{\"role\": \"user\", \"content\": \"x\"}");
      outbox.deliver(sink);
      assertThat(kept.next().event()).isEqualTo("message.created");

      ApiClient.admin().delete("/v1/projects/" + project);
      assertThat(kept.next().event()).isEqualTo("error");
      assertThat(kept.next()).isNull();
    }
  }

  @Test
  void aStreamEndsAfterItsLifetime() throws Exception {
    var thread = api.post("/v1/threads", "{}").id();
    try (var stream = api.events(LOGS + "?stream=true&thread_id=" + thread)) {
      clock.advance(LogStream.LIFETIME);
      say(thread, "one");
      outbox.deliver(sink);

      assertThat(stream.next()).isNull();
    } finally {
      clock.reset();
    }
  }

  private void say(String thread, String text) {
    var response =
        api.post(
            "/v1/threads/" + thread + "/messages",
            "{\"role\": \"user\", \"content\": \"%s\"}".formatted(text));
    assertThat(response.status()).isEqualTo(200);
  }

  @Test
  void theLogOfAProjectIsForItsKeysAndAdmins() {
    var of = "?run_id=" + logged().path("id").asText();

    assertThat(ApiClient.admin().get(LOGS + of).json().path("data")).hasSize(7);
    assertThat(ApiClient.stranger().get(LOGS + of).status()).isEqualTo(404);
    assertThat(ApiClient.anonymous().get(LOGS + of).status()).isEqualTo(401);
    assertThat(ApiClient.admin().get("/v1/projects/proj_none/logs").status()).isEqualTo(404);
  }

  @Test
  void aFilterThatCannotMatchIsRefusedWithItsName() {
    for (var query :
        List.of(
            "start_time=yesterday",
            "end_time=99999999999999",
            "limit=0",
            "order=up",
            "after=evt_unknown",
            "stream=maybe",
            "tool=%00",
            "model=" + "x".repeat(600))) {
      var response = api.get(LOGS + "?" + query);

      assertThat(response.status()).as(query).isEqualTo(400);
      assertThat(response.error().path("param").asText())
          .isEqualTo(query.substring(0, query.indexOf('=')));
    }
    var resumed = api.with("Last-Event-ID", "evt_unknown").get(LOGS + "?stream=true");
    assertThat(resumed.status()).isEqualTo(400);
    assertThat(resumed.error().path("param").asText()).isEqualTo("Last-Event-ID");
  }

  @Test
  void eventsAreDeletedAfterTheirRetention() {
    var run = logged().path("id").asText();
    jdbc.update(
        "UPDATE event_log SET created_at = now() - interval '31 days' WHERE payload ->> 'run_id' = ?"
            + " AND event = 'run.created'",
        run);
    jdbc.update(
        "DELETE FROM event_log WHERE position < (SELECT min(position) FROM event_log"
            + " WHERE payload ->> 'run_id' = ?)",
        run);

    assertThat(store.deleteOld(Duration.ofDays(30), 1)).isEqualTo(1);
    assertThat(store.deleteOld(Duration.ofDays(30), 1)).isZero();

    assertThat(types(list("run_id=" + run))).hasSize(6).doesNotContain("run.created");
  }

  @Test
  void aFilterOfOneThreadReadsItsEventsByAnIndex() {
    logged();
    jdbc.update("ANALYZE event_log");
    var plan =
        jdbc.inTransaction(
            tx -> {
              tx.update("SET LOCAL enable_seqscan = off");
              return String.join(
                  "\n",
                  tx.list(
                      "EXPLAIN SELECT id FROM event_log WHERE project_id = 'proj_default'"
                          + " AND payload ->> 'request_id' = 'req_1' ORDER BY position LIMIT 20",
                      row -> row.text("QUERY PLAN")));
            });

    assertThat(plan).contains("event_log_by_request");
  }
}
