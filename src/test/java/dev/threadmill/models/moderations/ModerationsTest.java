package dev.threadmill.models.moderations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code POST /v1/moderations}, with a provider that has them. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ModerationsTest {
  FakeProvider provider;

  @BeforeEach
  void reset() {
    provider.reset();
  }

  private static ApiClient.Response post(String body) {
    return ApiClient.user().post("/v1/moderations", body.replace('\'', '"'));
  }

  @Test
  void theProviderJudgesEachInput() {
    var answer = post("{'input': ['hello', 'this does harm']}");

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.json().path("model").asText()).isEqualTo("omni-moderation-latest");
    assertThat(answer.json().at("/results/0/flagged").asBoolean()).isFalse();
    assertThat(answer.json().at("/results/1/flagged").asBoolean()).isTrue();
    assertThat(answer.json().at("/results/1/categories/self-harm").asBoolean()).isTrue();
    var sent = provider.lastRequest();
    assertThat(sent.path()).endsWith("/v1/moderations");
    assertThat(sent.headers()).containsEntry("authorization", "Bearer sk-fake");
  }

  @Test
  void imagesArePassedOnWithTexts() {
    var input =
        "[{'type': 'text', 'text': 'a'}, {'type': 'image_url', 'image_url': {'url': 'https://a.example/b.png'}}]";
    var answer = post("{'model': 'omni-moderation-2024-09-26', 'input': %s}".formatted(input));

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(provider.lastRequest().body().path("input"))
        .hasToString(input.replace('\'', '"').replace(": ", ":").replace(", ", ","));
    assertThat(provider.lastRequest().model()).isEqualTo("omni-moderation-2024-09-26");
  }

  @Test
  void aModelThatNoProviderModeratesWithIsA400ThatSaysWhatToSet() {
    var answer = post("{'model': 'rehearsal', 'input': 'hello'}");

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo("model");
    assertThat(answer.error().path("message").asText()).contains("moderations: true");
    assertThat(provider.requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | input",
        "{'input': null} | input",
        "{'input': 3} | input",
        "{'input': []} | input",
        "{'input': ['a', 3]} | input[1]",
        "{'input': [{'text': 'a'}]} | input[0]",
        "{'input': 'a', 'model': ''} | model",
        "{'input': 'a', 'threshold': 1} | threshold",
      })
  void badInputIsA400ThatNamesTheField(String body, String param) {
    var answer = post(body);

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.error().path("param").asText()).isEqualTo(param);
  }
}
