package dev.threadmill.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
class OpenApiTest {
  private final ApiClient anybody = ApiClient.anonymous();

  @Test
  void theDescriptionNamesPathsFieldsAndTheKey() {
    var description = anybody.get("/openapi?format=json").json();

    assertThat(description.at("/info/title").asText()).isEqualTo("Threadmill");
    assertThat(description.at("/paths").has("/v1/threads/{thread_id}/messages")).isTrue();
    assertThat(description.at("/components/securitySchemes/key/scheme").asText())
        .isEqualTo("bearer");
    assertThat(description.at("/components/schemas/AssistantObject/properties").has("created_at"))
        .isTrue();
    assertThat(description.at("/components/schemas/ThreadId/type").asText()).isEqualTo("string");
    assertThat(description.at("/components/schemas/ModifyProject/properties/name/type").toString())
        .isEqualTo("[\"string\",\"null\"]");
    assertThat(description.path("components").toString()).doesNotContain("/FieldString");
    description
        .path("paths")
        .forEach(
            path ->
                path.forEach(
                    operation -> {
                      assertThat(operation.path("summary").asText())
                          .as("%s", operation)
                          .isNotEmpty();
                      assertThat(operation.path("tags")).as("%s", operation).isNotEmpty();
                    }));
  }

  @Test
  void thePagesAndTheHealthCheckNeedNoKey() {
    assertThat(anybody.get("/docs/").status()).isEqualTo(200);
    assertThat(anybody.get("/q/health/ready").status()).isEqualTo(200);
    assertThat(anybody.get("/q/health/ready").json().path("status").asText()).isEqualTo("UP");
  }
}
