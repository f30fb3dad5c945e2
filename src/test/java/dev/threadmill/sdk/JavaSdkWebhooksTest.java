package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.core.http.Headers;
import com.openai.errors.InvalidWebhookSignatureException;
import com.openai.models.webhooks.WebhookCreateParams;
import com.openai.models.webhooks.WebhookTestParams;
import com.openai.models.webhooks.WebhookVerificationParams;
import dev.threadmill.api.Json;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RecordingServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

/** openai-java with webhook endpoints, and with deliveries that it verifies. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class JavaSdkWebhooksTest {
  @Test
  void aDeliveryIsUnwrappedAndOneThatWasChangedIsRefused() {
    var sdk = JavaSdk.connect();
    try (var receiver = RecordingServer.start().on("/", RecordingServer.json(200, "{}"))) {
      var made =
          sdk.client
              .webhooks()
              .create(
                  WebhookCreateParams.builder()
                      .name("hook")
                      .url(receiver.url("/"))
                      .addEventType(WebhookCreateParams.EventType.of("run.completed"))
                      .build());

      var result =
          sdk.client
              .webhooks()
              .test(
                  made.id(),
                  WebhookTestParams.builder()
                      .eventType(WebhookTestParams.EventType.of("run.completed"))
                      .build());

      assertThat(result.statusCode()).isEqualTo(200);
      var call = receiver.calls().getFirst();
      var headers = Headers.builder();
      call.headers().forEach(headers::put);
      var signed =
          WebhookVerificationParams.builder().headers(headers.build()).secret(made.signingSecret());
      var event = sdk.client.webhooks().unwrap(signed.payload(call.body()).build());
      assertThat(Json.tree(call.body()).path("type").asText()).isEqualTo("run.completed");
      assertThat(event).isNotNull();
      assertThatThrownBy(
              () -> sdk.client.webhooks().unwrap(signed.payload(call.body() + " ").build()))
          .isInstanceOf(InvalidWebhookSignatureException.class);
    }
  }
}
