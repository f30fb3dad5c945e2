package dev.threadmill.assistants.versions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class AssistantVersionsTest {
  private final ApiClient key = ApiClient.user();

  private JsonNode versions(String assistant) {
    var page = key.get("/v1/assistants/" + assistant + "/versions");
    assertThat(page.status()).as(page.text()).isEqualTo(200);
    return page.json().path("data");
  }

  @Test
  void eachChangeOfAnAssistantIsAVersionAndAnotherRequestIsNone() {
    var id =
        key.post(
                "/v1/assistants",
                """
                {"model": "rehearsal", "name": "a", "tools": [{"type": "webhook", "webhook": {
                  "name": "ping", "description": "d", "endpoint": "https://example.com/",
                  "auth": {"type": "bearer", "token": "very-secret-token"},
                  "parameters": {"type": "object", "properties": {}}}}]}""")
            .id();
    var path = "/v1/assistants/" + id;
    assertThat(key.post(path, "{\"instructions\": \"Be brief.\"}").status()).isEqualTo(200);
    assertThat(key.post(path, "{\"instructions\": \"Be brief.\"}").status()).isEqualTo(200);
    assertThat(key.post(path, "{\"temperature\": 9}").status()).isEqualTo(400);

    var versions = versions(id);

    assertThat(versions.findValuesAsText("version")).containsExactly("2", "1");
    assertThat(versions.get(0).at("/assistant/instructions").asText()).isEqualTo("Be brief.");
    assertThat(versions.get(1).at("/assistant/instructions").isNull()).isTrue();
    assertThat(versions.get(0).path("changed_by").asText()).startsWith("key_");
    assertThat(versions.toString()).doesNotContain("very-secret-token");
    assertThat(key.get(path + "/versions/1").json()).isEqualTo(versions.get(1));
    assertThat(key.get(path + "/versions?limit=1&after=2").json().path("data"))
        .hasSize(1)
        .first()
        .isEqualTo(versions.get(1));
    assertThat(key.get(path + "/versions/3").status()).isEqualTo(404);
    assertThat(key.get(path + "/versions/x").error().path("param").asText()).isEqualTo("version");
    assertThat(ApiClient.stranger().get(path + "/versions").status()).isEqualTo(404);
    key.delete(path);
    assertThat(key.get(path + "/versions").status()).isEqualTo(404);
  }
}
