package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits as they are set and shown. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class ManageLimitsTest {
  @Test
  void aProjectHasNoLimitsUntilAnAdminSetsThem() {
    var tenant = Tenant.create();

    var none = tenant.limits();
    assertThat(none.path("object").asText()).isEqualTo("project.limits");
    assertThat(none.path("project_id").asText()).isEqualTo(tenant.id());
    for (var field :
        new String[] {"requests_per_minute", "tokens_per_minute", "concurrent_threads"}) {
      assertThat(none.path(field).isNull()).as(field).isTrue();
    }
    assertThat(none.at("/budgets/day/tokens").isNull()).isTrue();
    assertThat(none.path("estimated_cost").decimalValue()).isEqualByComparingTo("0");

    tenant.limit(
        """
        {"tokens_per_minute": 100000, "requests_per_minute": 60, "concurrent_threads": 500,
         "budgets": {"month": {"tokens": 5000000, "cost": 12.5}}}
        """);
    var some = tenant.limit("{\"requests_per_minute\": null}");

    assertThat(some.path("tokens_per_minute").asInt()).isEqualTo(100_000);
    assertThat(some.path("requests_per_minute").isNull()).isTrue();
    assertThat(some.path("concurrent_threads").asInt()).isEqualTo(500);
    assertThat(some.at("/budgets/month/tokens").asInt()).isEqualTo(5_000_000);
    assertThat(some.at("/budgets/month/cost").asDouble()).isEqualTo(12.5);
    assertThat(some.at("/budgets/day/cost").isNull()).isTrue();
    assertThat(tenant.limit("{\"budgets\": null}").at("/budgets/month/tokens").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"requests_per_minute\": -1} | requests_per_minute",
        "{\"requests_per_minute\": \"60\"} | requests_per_minute",
        "{\"tokens_per_minute\": 0} | tokens_per_minute",
        "{\"tokens_per_minute\": 1.5} | tokens_per_minute",
        "{\"concurrent_threads\": 0} | concurrent_threads",
        "{\"concurrent_threads\": 99999999999} | concurrent_threads",
        "{\"budgets\": {\"day\": {\"tokens\": -5}}} | budgets.day.tokens",
        "{\"budgets\": {\"day\": {\"cost\": -0.5}}} | budgets.day.cost",
        "{\"budgets\": {\"day\": {\"cost\": \"much\"}}} | budgets.day.cost",
        "{\"budgets\": {\"day\": {\"cost\": 1e300}}} | budgets.day.cost",
        "{\"budgets\": {\"week\": {\"tokens\": 5}}} | budgets.week",
        "{\"budgets\": {\"day\": 5}} | budgets.day",
        "{\"count_usage\": \"yes\"} | count_usage",
        "{\"file_bytes\": -1} | file_bytes",
        "{\"rpm\": 5} | rpm"
      })
  void invalidFieldsAreNamed(String body, String param) {
    var tenant = Tenant.create();

    var answer = tenant.admin().post(tenant.path(), body);

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo(param);
  }

  @Test
  void theLimitOfFilesIsShownAndSetForAProject() {
    var tenant = Tenant.create();
    assertThat(tenant.limits().path("file_bytes").asLong()).isEqualTo(107_374_182_400L);
    assertThat(tenant.limits().at("/used/file_bytes").asLong()).isZero();
    assertThat(tenant.limit("{\"file_bytes\": 10}").path("file_bytes").asLong()).isEqualTo(10);

    assertThat(upload(tenant, "12345678").status()).isEqualTo(200);
    var refused = upload(tenant, "123");
    assertThat(refused.status()).as(refused.text()).isEqualTo(429);
    assertThat(refused.error().path("code").asText()).isEqualTo("insufficient_quota");
    assertThat(refused.error().path("message").asText()).contains("limit of 10 bytes");
    assertThat(tenant.limits().at("/used/file_bytes").asLong()).isEqualTo(8);

    tenant.limit("{\"file_bytes\": null}");
    assertThat(upload(tenant, "123").status()).isEqualTo(200);
    tenant.limit("{\"file_bytes\": 200000000000}");
    assertThat(tenant.limits().path("file_bytes").asLong()).isEqualTo(200_000_000_000L);
  }

  private static ApiClient.Response upload(Tenant tenant, String content) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", "a.txt", "text/plain", content.getBytes(StandardCharsets.UTF_8))
        .post(tenant.api(), "/v1/files");
  }

  @Test
  void onlyAdminsSetLimitsAndOtherProjectsDoNotSeeThem() {
    var tenant = Tenant.create();
    var other = Tenant.create();

    assertThat(tenant.api().post(tenant.path(), "{}").status()).isEqualTo(403);
    assertThat(other.api().get(tenant.path()).status()).isEqualTo(404);
    assertThat(other.api().post(tenant.path(), "{}").status()).isEqualTo(404);
    assertThat(tenant.admin().get(tenant.path()).status()).isEqualTo(200);
    assertThat(ApiClient.admin().get("/v1/projects/proj_nobody/limits").status()).isEqualTo(404);
    assertThat(ApiClient.admin().post("/v1/projects/proj_nobody/limits", "{}").status())
        .isEqualTo(404);
    assertThat(ApiClient.anonymous().get(tenant.path()).status()).isEqualTo(401);
  }
}
