package dev.threadmill.webhooks;

import static dev.threadmill.testing.RecordingServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Endpoints and their secrets, over HTTP. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@Timeout(60)
class WebhookEndpointsTest extends WebhookSetup {
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
