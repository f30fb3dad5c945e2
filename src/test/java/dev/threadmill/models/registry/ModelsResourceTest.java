package dev.threadmill.models.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;

@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(value = FakeProviderResource.class, restrictToAnnotatedClass = true)
class ModelsResourceTest {
  FakeProvider provider;

  @Test
  void theModelsAreListedWithWhatTheyCanDo() {
    var list = ApiClient.user().get("/v1/models");

    assertThat(list.status()).isEqualTo(200);
    var rehearsal = list.json().path("data").get(0);
    assertThat(rehearsal.path("id").asText()).isEqualTo("rehearsal");
    assertThat(rehearsal.path("object").asText()).isEqualTo("model");
    assertThat(rehearsal.path("created").isIntegralNumber()).isTrue();
    assertThat(rehearsal.path("capabilities").path("tools").asBoolean()).isTrue();
  }

  @Test
  void aModelOfTheDefaultProviderCanBeLookedUpByAnyName() {
    var model = ApiClient.user().get("/v1/models/gpt-4o@2024-08-06");

    assertThat(model.status()).isEqualTo(200);
    assertThat(model.json().path("owned_by").asText()).isEqualTo("openai");
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void nobodyGetsInWithoutAKey() {
    assertThat(ApiClient.anonymous().get("/v1/models").status()).isEqualTo(401);
  }

  @Test
  void aNameThatCannotBeOneIsNotFound() {
    var answer = ApiClient.user().get("/v1/models/" + "x".repeat(300));

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.error().path("code").asText()).isEqualTo("model_not_found");
  }
}
