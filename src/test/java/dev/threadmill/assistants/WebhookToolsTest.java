package dev.threadmill.assistants;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class WebhookToolsTest {
  private static final List<String> SECRETS =
      List.of("s3cret-client", "s3cret-header", "s3cret-signature");

  private final ApiClient api = ApiClient.user();

  @Inject Jdbc jdbc;

  private static final String WEBHOOK =
      """
      {"type": "webhook", "webhook": {"name": "open_case", "description": "Opens a case",
        "parameters": {"type": "object", "properties": {"subject": {"type": "string"}}},
        "endpoint": "https://api.example.com/cases", "method": "PUT",
        "headers": {"X-Tenant": "s3cret-header"},
        "auth": {"type": "oauth2", "token_url": "https://login.example.com/token",
          "client_id": "me", "client_secret": "s3cret-client", "scopes": ["cases"],
          "audience": "https://api.example.com"},
        "signing_secret": "s3cret-signature",
        "timeout_ms": 1000, "retries": 1, "on_unknown": "ask"}}
      """;

  @Test
  void secretsAreStoredEncryptedAndNeverShown() {
    var created = create(WEBHOOK);

    var webhook = created.json().at("/tools/0/webhook");
    assertThat(webhook.at("/auth/client_secret").asText()).isEqualTo("***");
    assertThat(webhook.at("/headers/X-Tenant").asText()).isEqualTo("***");
    assertThat(webhook.at("/signing_secret").asText()).isEqualTo("***");
    assertThat(webhook.at("/auth/client_id").asText()).isEqualTo("me");
    assertThat(webhook.at("/on_unknown").asText()).isEqualTo("ask");
    var read = api.get("/v1/assistants/" + created.id());
    assertThat(read.json().get("tools")).isEqualTo(created.json().get("tools"));
    var stored = stored(created.id());
    assertThat(stored).contains("sealed");
    for (var secret : SECRETS) {
      assertThat(created.text() + read.text() + stored).doesNotContain(secret);
    }
  }

  @Test
  void aClientMaySendBackWhatItWasShown() {
    // Given
    var created = create(WEBHOOK);
    var before = stored(created.id());

    // When
    var modified =
        api.post(
            "/v1/assistants/" + created.id(), "{\"tools\": " + created.json().get("tools") + "}");

    // Then
    assertThat(modified.status()).isEqualTo(200);
    assertThat(stored(created.id())).isEqualTo(before);
  }

  @Test
  void aKeptSecretDoesNotGoAnywhereElse() {
    // Given
    var created = create(WEBHOOK);
    var moved =
        created.json().get("tools").toString().replace("api.example.com", "evil.example.com");

    // When
    var modified = api.post("/v1/assistants/" + created.id(), "{\"tools\": " + moved + "}");

    // Then
    assertThat(modified.status()).isEqualTo(400);
    assertThat(modified.error().get("param").asText())
        .isEqualTo("tools[0].webhook.headers.x-tenant");
  }

  @Test
  void theFlatFormIsRead() {
    var created =
        create(
            """
            {"type": "webhook", "endpoint": "https://api.salesforce.com/v57.0/sobjects/Case",
             "auth": {"type": "oauth2",
               "token_url": "https://login.salesforce.com/services/oauth2/token"}}
            """);

    assertThat(created.status()).isEqualTo(200);
    JsonNode webhook = created.json().at("/tools/0/webhook");
    assertThat(webhook.get("name").asText()).isEqualTo("post_case");
    assertThat(webhook.get("endpoint").asText())
        .isEqualTo("https://api.salesforce.com/v57.0/sobjects/Case");
    assertThat(webhook.at("/auth/type").asText()).isEqualTo("oauth2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                | tools[0].webhook
          {"webhook": {}}                                                   | tools[0].webhook.endpoint
          {"webhook": {"endpoint": "ftp://x.example"}}                      | tools[0].webhook.endpoint
          {"webhook": {"endpoint": "https://u:p@x.example"}}                | tools[0].webhook.endpoint
          {"webhook": {"endpoint": "https://{host}.example/"}}              | tools[0].webhook.endpoint
          {"webhook": {"endpoint": "https://x.example", "method": "TRACE"}} | tools[0].webhook.method
          {"webhook": {"endpoint": "https://x.example", "retries": 11}}     | tools[0].webhook.retries
          {"webhook": {"endpoint": "https://x.example", "timeout_ms": 0}}   | tools[0].webhook.timeout_ms
          {"webhook": {"endpoint": "https://x.example", "on_unknown": "x"}} | tools[0].webhook.on_unknown
          {"webhook": {"endpoint": "https://x.example", "headers": {"Host": "y"}}} | tools[0].webhook.headers
          {"webhook": {"endpoint": "https://x.example", "headers": {"A": "x\\r\\ny"}}} | tools[0].webhook.headers.a
          {"webhook": {"endpoint": "https://x.example", "auth": {"type": "magic"}}} | tools[0].webhook.auth.type
          {"webhook": {"endpoint": "https://x.example", "auth": {"type": "bearer"}}} | tools[0].webhook.auth.token
          {"webhook": {"endpoint": "https://x.example", "auth": {"type": "bearer", "token": "***"}}} | tools[0].webhook.auth.token
          {"webhook": {"endpoint": "https://x.example", "auth": {"type": "bearer", "token": {"sealed": "v1.a.b"}}}} | tools[0].webhook.auth.token
          {"webhook": {"endpoint": "https://x.example", "allowed_domains": ["https://y"]}} | tools[0].webhook.allowed_domains[0]
          """)
  void aDefinitionThatIsWrongIsRefusedByTheNameOfTheField(String tool, String param) {
    var refused = create(tool.replaceFirst("\\{", "{\"type\": \"webhook\"" + comma(tool)));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().get("param").asText()).isEqualTo(param);
  }

  private static String comma(String tool) {
    return tool.equals("{}") ? "" : ", ";
  }

  private ApiClient.Response create(String tool) {
    return api.post(
        "/v1/assistants", "{\"model\": \"rehearsal\", \"tools\": [%s]}".formatted(tool));
  }

  private String stored(String assistant) {
    return jdbc.one("SELECT tools FROM assistants WHERE id = ?", r -> r.text("tools"), assistant)
        .orElseThrow();
  }
}
