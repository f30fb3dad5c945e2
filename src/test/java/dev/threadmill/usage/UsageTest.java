package dev.threadmill.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.models.admin.organization.usage.UsageCompletionsParams;
import com.openai.models.admin.organization.usage.UsageCostsParams;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.limits.PricedModels;
import dev.threadmill.limits.Tenant;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.OutboxDelivery;
import dev.threadmill.telemetry.OutboxEvent;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Usage and costs, as they are counted and shown. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(value = FakeProviderResource.class, restrictToAnnotatedClass = true)
@QuarkusTestResource(value = PricedModels.class, restrictToAnnotatedClass = true)
class UsageTest {
  private static final Set<String> ENDS = Set.of("completed", "incomplete", "failed");

  @Inject SettableClock clock;
  @Inject UsageStore store;
  @Inject UsageSink sink;
  @Inject OutboxDelivery outbox;
  @Inject Jdbc jdbc;
  FakeProvider provider;

  @BeforeEach
  @AfterEach
  void reset() {
    provider.reset();
    clock.reset();
    outbox.register(sink);
  }

  private static JsonNode ended(Tenant tenant, JsonNode run) {
    return await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> tenant.get(run), now -> ENDS.contains(now.path("status").asText()));
  }

  private static JsonNode usage(Tenant tenant, String query) {
    var answer = tenant.api().get("/v1/projects/" + tenant.id() + "/usage" + query);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.json();
  }

  /** The results of all buckets. */
  private static List<JsonNode> results(JsonNode page) {
    var results = new ArrayList<JsonNode>();
    page.path("data").forEach(bucket -> bucket.path("results").forEach(results::add));
    return results;
  }

  private static void chat(Tenant tenant, String model, String more) {
    var answer =
        tenant
            .api()
            .post(
                "/v1/chat/completions",
                "{\"model\": \"%s\", %s \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"
                    .formatted(model, more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
  }

  @Test
  void theCostOfARunStandsOnItsObjectsAndInTheUsageOfTheProjectAtOnce() {
    var tenant = Tenant.create();
    provider.reply(Reply.text("one two"));

    var run = ended(tenant, tenant.run("priced", "").json());

    // Ten tokens at ten dollars a million, two at a hundred.
    assertThat(run.at("/usage/cost").decimalValue()).isEqualByComparingTo("0.0003");
    var steps =
        tenant
            .api()
            .get(
                "/v1/threads/%s/runs/%s/steps"
                    .formatted(run.path("thread_id").asText(), run.path("id").asText()));
    assertThat(steps.json().at("/data/0/usage/cost").decimalValue()).isEqualByComparingTo("0.0003");
    var result = results(usage(tenant, "?group_by=model&group_by=thread_id")).getFirst();
    assertThat(result.path("model").asText()).isEqualTo("priced");
    assertThat(result.path("thread_id").asText()).isEqualTo(run.path("thread_id").asText());
    assertThat(result.path("input_tokens").asInt()).isEqualTo(10);
    assertThat(result.path("output_tokens").asInt()).isEqualTo(2);
    assertThat(result.path("cost").decimalValue()).isEqualByComparingTo("0.0003");
    outbox.deliver(sink);
    assertThat(results(usage(tenant, "?group_by=model&group_by=thread_id")))
        .as("counted, and not twice")
        .containsExactly(result);
  }

  @Test
  void aPriceThatIsNotKnownIsNullAndNeverZero() {
    var tenant = Tenant.create();
    provider.otherwise(_ -> Reply.text("one two"));

    var run = ended(tenant, tenant.run("unpriced", "").json());
    chat(tenant, "priced", "");

    assertThat(run.path("usage").has("cost")).isTrue();
    assertThat(run.at("/usage/cost").isNull()).isTrue();
    var sum = results(usage(tenant, "")).getFirst();
    assertThat(sum.path("cost").isNull()).isTrue();
    assertThat(sum.path("known_cost").decimalValue()).isEqualByComparingTo("0.0003");
    assertThat(sum.path("unpriced_requests").asInt()).isEqualTo(1);
    assertThat(sum.path("num_model_requests").asInt()).isEqualTo(2);
    assertThat(sum.path("total_tokens").asInt()).isEqualTo(24);
  }

  @Test
  void callsOutsideOfRunsCountWithTheirOperationKeyAndUser() {
    var tenant = Tenant.create();
    provider.otherwise(_ -> Reply.text("one two"));
    chat(tenant, "priced", "\"user\": \"=ada\",");
    chat(tenant, "priced", "\"safety_identifier\": \"bob\",");
    tenant.api().post("/v1/embeddings", "{\"model\": \"local\", \"input\": \"a cat\"}");

    var results = results(usage(tenant, "?group_by=operation,user_id,api_key_id"));

    assertThat(results)
        .extracting(
            each -> each.path("operation").asText() + " " + each.path("user_id").asText(null))
        .containsExactlyInAnyOrder("chat =ada", "chat bob", "embeddings null");
    assertThat(results)
        .allSatisfy(each -> assertThat(each.path("api_key_id").isTextual()).isTrue());
    assertThat(results(usage(tenant, "?user_ids=bob"))).hasSize(1);
    var csv =
        tenant
            .api()
            .with("Accept", "text/csv")
            .get("/v1/projects/" + tenant.id() + "/usage?group_by=user_id&operations=chat");
    assertThat(csv.text().lines().toList())
        .hasSize(3)
        .first()
        .asString()
        .startsWith("start_time,end_time,user_id,num_model_requests,input_tokens,");
    assertThat(csv.text()).as("no formula for a spreadsheet").contains(",'=ada,1,10,0,2,0,0.0003,");
  }

  @Test
  void theUsageOfAnErasedUserStaysWithoutItsName() {
    var tenant = Tenant.create();
    var log = outbox.sink("event_log");
    outbox.registerFromNow(log);
    provider.otherwise(_ -> Reply.text("one two"));
    chat(tenant, "priced", "\"user\": \"erased-user\",");
    chat(tenant, "priced", "");
    outbox.deliver(sink);
    outbox.deliver(log);
    var before = results(usage(tenant, ""));
    var path = "/v1/projects/" + tenant.id();
    assertThat(tenant.api().get(path + "/logs").text()).contains("erased-user");
    assertThat(tenant.api().get(path + "/users/erased-user").json().at("/counts/usage").asInt())
        .isEqualTo(1);

    var erased = tenant.api().delete(path + "/users/erased-user");

    assertThat(erased.json().at("/counts/usage").asInt()).as(erased.text()).isEqualTo(1);
    assertThat(results(usage(tenant, ""))).isEqualTo(before);
    for (var groups : List.of("user_id", "user_id,run_id")) {
      assertThat(results(usage(tenant, "?group_by=" + groups)))
          .as("of sums and of single calls")
          .singleElement()
          .satisfies(
              each -> {
                assertThat(each.path("user_id").isNull()).isTrue();
                assertThat(each.path("num_model_requests").asInt()).isEqualTo(2);
              });
    }
    assertThat(tenant.api().get(path + "/logs").text()).doesNotContain("erased-user");
  }

  @Test
  void aCallThatIsDeliveredAgainCountsOnce() {
    var tenant = Tenant.create();
    var event =
        Activity.of(Activity.MODEL_CALL, new ProjectId(tenant.id()), clock.instant())
            .model("m")
            .tokens(5, 7)
            .cost(new BigDecimal("0.000000001"))
            .build()
            .toEvent();
    var stored =
        new OutboxEvent("evt_" + tenant.id(), event.project(), null, event.type(), event.payload());

    sink.deliver(List.of(stored));
    sink.deliver(List.of(stored));

    for (var width : List.of("1m", "1h", "1d")) {
      var results = results(usage(tenant, "?bucket_width=" + width));
      assertThat(results).as("the latest buckets have it, width " + width).hasSize(1);
      assertThat(results.getFirst().path("total_tokens").asInt()).isEqualTo(12);
      assertThat(results.getFirst().path("cost").decimalValue())
          .isEqualByComparingTo("0.000000001");
    }
  }

  @Test
  void minutesAreMergedIntoHoursWithoutAChangeOfTheSums() {
    var tenant = Tenant.create();
    var start = Instant.parse("2020-03-01T10:00:00Z");
    var events = new ArrayList<OutboxEvent>();
    for (int minute = 0; minute < 90; minute++) {
      var at = start.plusSeconds(60L * minute);
      var event =
          Activity.of(Activity.MODEL_CALL, new ProjectId(tenant.id()), at)
              .tokens(minute, 1)
              .build()
              .toEvent();
      events.add(
          new OutboxEvent(
              "evt_%s_%d".formatted(tenant.id(), minute),
              event.project(),
              null,
              event.type(),
              event.payload()));
    }
    sink.deliver(events);
    var query = "?bucket_width=1h&start_time=2020-03-01T10:00:00Z&end_time=2020-03-01T12:00:00Z";
    var before = usage(tenant, query);
    assertThat(results(before))
        .extracting(each -> each.path("input_tokens").asInt())
        .containsExactly(59 * 60 / 2, 89 * 90 / 2 - 59 * 60 / 2);

    while (store.mergeMinutes(Duration.ofDays(7), 1_000) == 1_000) {
      // There may be more.
    }

    assertThat(usage(tenant, query)).isEqualTo(before);
    assertThat(
            jdbc.one(
                "SELECT count(*)::int AS n FROM usage_buckets WHERE project_id = ?",
                row -> row.integer("n"),
                tenant.id()))
        .contains(2);
  }

  @Test
  void aPageHasSoManyBucketsAndSaysWhereTheNextOneBegins() {
    var tenant = Tenant.create();
    var query = "?start_time=2020-03-01T00:00:00Z&end_time=2020-03-06T00:00:00Z&limit=2";

    var first = usage(tenant, query);
    var second = usage(tenant, query + "&page=" + first.path("next_page").asText());
    var third = usage(tenant, query + "&page=" + second.path("next_page").asText());

    assertThat(first.path("has_more").asBoolean()).isTrue();
    assertThat(first.path("data")).hasSize(2);
    assertThat(second.at("/data/0/start_time").asLong())
        .isEqualTo(first.at("/data/1/end_time").asLong());
    assertThat(third.path("data")).hasSize(1);
    assertThat(third.path("next_page").isNull()).isTrue();
  }

  @Test
  void wrongQuestionsAreRefusedByName() {
    var tenant = Tenant.create();
    for (var query :
        List.of(
            "start_time=soon",
            "end_time=-1",
            "bucket_width=1w",
            "limit=0",
            "page=page_x",
            "group_by=colour",
            "format=xml")) {
      var answer = tenant.api().get("/v1/projects/" + tenant.id() + "/usage?" + query);
      assertThat(answer.status()).as(query).isEqualTo(400);
      assertThat(answer.error().path("param").asText()).isEqualTo(query.split("=")[0]);
    }
    var other = Tenant.create();
    assertThat(other.api().get("/v1/projects/" + tenant.id() + "/usage").status())
        .isNotEqualTo(200);
    assertThat(other.api().get("/v1/organization/costs?start_time=0").status()).isEqualTo(403);
    assertThat(ApiClient.admin().get("/v1/organization/costs").error().path("param").asText())
        .isEqualTo("start_time");
  }

  @Test
  void theOfficialSdkReadsUsageAndCosts() {
    var tenant = Tenant.create();
    provider.otherwise(_ -> Reply.text("one two"));
    chat(tenant, "priced", "");
    var client =
        OpenAIOkHttpClient.builder()
            .baseUrl(ApiClient.base() + "/v1")
            .apiKey("none")
            .adminApiKey(
                ConfigProvider.getConfig().getValue("threadmill.keys.admin-key", String.class))
            .build();
    try {
      long since = clock.instant().minus(Duration.ofHours(1)).getEpochSecond();
      var page =
          client
              .admin()
              .organization()
              .usage()
              .completions(
                  UsageCompletionsParams.builder()
                      .startTime(since)
                      .bucketWidth(UsageCompletionsParams.BucketWidth._1H)
                      .addProjectId(tenant.id())
                      .addGroupBy(UsageCompletionsParams.GroupBy.MODEL)
                      .build());
      var results =
          page.validate().data().stream().flatMap(bucket -> bucket.results().stream()).toList();
      assertThat(results).hasSize(1);
      var completions = results.getFirst().asOrganizationUsageCompletions();
      assertThat(completions.inputTokens()).isEqualTo(10);
      assertThat(completions.outputTokens()).isEqualTo(2);
      assertThat(completions.model()).contains("priced");

      var costs =
          client
              .admin()
              .organization()
              .usage()
              .costs(UsageCostsParams.builder().startTime(since).addProjectId(tenant.id()).build());
      var amounts =
          costs.validate().data().stream()
              .flatMap(bucket -> bucket.results().stream())
              .map(result -> result.asOrganizationCosts().amount().orElseThrow())
              .toList();
      assertThat(amounts).singleElement().satisfies(a -> assertThat(a.value()).contains(0.0003));
    } finally {
      client.close();
    }
  }
}
