package dev.threadmill.models.embeddings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Collections;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code POST /v1/embeddings}, with the built-in models and with a provider. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class EmbeddingsTest {
  private static final String PATH = "/v1/embeddings";

  FakeProvider provider;

  @BeforeEach
  @AfterEach
  void reset() {
    provider.reset();
    provider.embeddingsDown(false).refusedByEmbeddings(null);
  }

  private static ApiClient.Response post(String body) {
    return ApiClient.user().post(PATH, body);
  }

  private static JsonNode embedded(String body) {
    var response = post(body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private static double similarity(JsonNode a, JsonNode b) {
    assertThat(a).hasSameSizeAs(b);
    double product = 0;
    for (int i = 0; i < a.size(); i++) {
      product += a.get(i).doubleValue() * b.get(i).doubleValue();
    }
    return product;
  }

  @Test
  void aBuiltInModelPlacesTextsOfSimilarMeaningCloseToEachOther() {
    var answer =
        embedded(
            """
            {"model": "local", "input": ["a cat sleeps", "a kitten naps", "tax law of 1987"]}
            """);

    var data = answer.path("data");
    assertThat(data).hasSize(3);
    assertThat(data.findValuesAsText("index")).containsExactly("0", "1", "2");
    assertThat(answer.path("model").asText()).isEqualTo("all-minilm-l6-v2");
    assertThat(answer.path("usage").path("prompt_tokens").asInt()).isBetween(9, 30);
    assertThat(answer.path("usage").path("total_tokens"))
        .isEqualTo(answer.path("usage").path("prompt_tokens"));
    var cat = data.get(0).path("embedding");
    assertThat(similarity(cat, data.get(1).path("embedding")))
        .isGreaterThan(0.3 + similarity(cat, data.get(2).path("embedding")));
    assertThat(provider.embeddingsRequests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "local/bge-small-en-v1.5, bge-small-en-v1.5",
    "bge-small-en-v1.5, bge-small-en-v1.5",
    "all-minilm-l6-v2, all-minilm-l6-v2",
    "rehearsal, all-minilm-l6-v2",
  })
  void builtInModelsHaveTheirOwnNames(String name, String model) {
    var answer = embedded("{\"model\": \"%s\", \"input\": \"hello\"}".formatted(name));

    assertThat(answer.path("model").asText()).isEqualTo(model);
    assertThat(answer.at("/data/0/embedding")).hasSize(384);
  }

  @Test
  void base64IsTheSameVectorAsNumbers() {
    var numbers = embedded("{\"model\": \"local\", \"input\": \"hello\"}").at("/data/0/embedding");
    var text =
        embedded("{\"model\": \"local\", \"input\": \"hello\", \"encoding_format\": \"base64\"}")
            .at("/data/0/embedding")
            .asText();

    var floats =
        ByteBuffer.wrap(Base64.getDecoder().decode(text))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    assertThat(floats.remaining()).isEqualTo(384);
    for (int i = 0; i < 384; i++) {
      assertThat(floats.get(i)).isCloseTo(numbers.get(i).floatValue(), within(1e-6f));
    }
  }

  @Test
  void aBuiltInModelShortensItsVectorsAndDoesNotExtendThem() {
    var shorter =
        embedded("{\"model\": \"local\", \"input\": \"hello\", \"dimensions\": 64}")
            .at("/data/0/embedding");
    var longer = post("{\"model\": \"local\", \"input\": \"hello\", \"dimensions\": 1536}");

    assertThat(shorter).hasSize(64);
    assertThat(similarity(shorter, shorter)).isCloseTo(1, within(1e-5));
    assertThat(longer.status()).isEqualTo(400);
    assertThat(longer.error().path("param").asText()).isEqualTo("dimensions");
    assertThat(longer.error().path("message").asText()).contains("384");
  }

  @Test
  void tokensOfOpenAisEncodingAreReadAsTheirText() {
    // "hello world" in cl100k_base.
    var tokens = embedded("{\"model\": \"local\", \"input\": [15339, 1917]}");
    var several = embedded("{\"model\": \"local\", \"input\": [[15339, 1917], [15339]]}");
    var text = embedded("{\"model\": \"local\", \"input\": \"hello world\"}");

    var expected = text.at("/data/0/embedding");
    assertThat(similarity(tokens.at("/data/0/embedding"), expected)).isCloseTo(1, within(1e-4));
    assertThat(similarity(several.at("/data/0/embedding"), expected)).isCloseTo(1, within(1e-4));
    assertThat(several.path("data")).hasSize(2);
  }

  @Test
  void anyTextHasAVector() {
    var answer =
        embedded("{\"model\": \"local\", \"input\": [\" \", \"\\n\", \"\\u200b\", \"é\"]}");

    assertThat(answer.path("data")).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model': 'local'} | input",
        "{'input': 'x'} | model",
        "{'model': '', 'input': 'x'} | model",
        "{'model': 'local', 'input': null} | input",
        "{'model': 'local', 'input': ''} | input",
        "{'model': 'local', 'input': []} | input",
        "{'model': 'local', 'input': ['a', '']} | input[1]",
        "{'model': 'local', 'input': ['a', 1]} | input[1]",
        "{'model': 'local', 'input': [null]} | input[0]",
        "{'model': 'local', 'input': [[1], 'a']} | input[1]",
        "{'model': 'local', 'input': [[]]} | input[0]",
        "{'model': 'local', 'input': [[1, -2]]} | input[0][1]",
        "{'model': 'local', 'input': [1, 2.5]} | input[1]",
        "{'model': 'local', 'input': [1, 99999999999]} | input[1]",
        "{'model': 'local', 'input': [2000000000]} | input",
        "{'model': 'local', 'input': {'text': 'x'}} | input",
        "{'model': 'local', 'input': true} | input",
        "{'model': 'local', 'input': 'x', 'encoding_format': 'int8'} | encoding_format",
        "{'model': 'local', 'input': 'x', 'dimensions': 0} | dimensions",
        "{'model': 'local', 'input': 'x', 'truncate': true} | truncate",
      })
  void badInputIsA400ThatNamesTheField(String body, String param) {
    var response = post(body.replace('\'', '"'));

    assertThat(response.status()).as(response.text()).isEqualTo(400);
    assertThat(response.error().path("param").asText()).isEqualTo(param);
  }

  @Test
  void moreInputsOrTokensThanAreComputedAtOnceAreRefused() {
    var inputs = String.join(",", Collections.nCopies(2049, "\"a\""));
    var tokens = String.join(",", Collections.nCopies(300_001, "1"));
    var text = "many words ".repeat(5_000);

    assertThat(post("{\"model\": \"gpt\", \"input\": [%s]}".formatted(inputs)).error().toString())
        .contains("maximum length 2048");
    assertThat(post("{\"model\": \"gpt\", \"input\": [%s]}".formatted(tokens)).error().toString())
        .contains("300000 tokens");
    assertThat(
            post("{\"model\": \"local\", \"input\": [\"%s\"]}".formatted(text)).error().toString())
        .contains("input[0]")
        .contains("8192 tokens");
  }

  @Test
  void otherModelsAreThoseOfTheProvider() {
    var answer =
        embedded(
            """
            {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 256,
             "encoding_format": "float", "user": "someone"}
            """);

    assertThat(answer.path("model").asText()).isEqualTo("text-embedding-3-small");
    assertThat(answer.at("/data/1/embedding")).hasSize(256);
    assertThat(answer.at("/usage/total_tokens").asInt()).isEqualTo(2);
    var sent = provider.embeddingsRequests().getLast();
    assertThat(sent.headers()).containsEntry("authorization", "Bearer sk-fake");
    assertThat(sent.body().path("dimensions").asInt()).isEqualTo(256);
    assertThat(sent.body().path("input")).hasToString("[\"a\",\"b\"]");
  }

  @Test
  void tokensAreSentToAProviderAsTheyAre() {
    embedded("{\"model\": \"text-embedding-3-small\", \"input\": [[15339, 1917], [7]]}");

    assertThat(provider.embeddingsRequests().getLast().body().path("input"))
        .hasToString("[[15339,1917],[7]]");
  }

  @Test
  void manyInputsAreSentInBatchesAndComeBackInTheirOrder() {
    var inputs = String.join(",", IntStream.range(0, 300).mapToObj(i -> "\"" + i + "\"").toList());

    var all = embedded("{\"model\": \"m\", \"input\": [%s]}".formatted(inputs));

    assertThat(provider.embeddingsRequests()).hasSize(3);
    assertThat(all.path("data")).hasSize(300);
    assertThat(all.at("/usage/prompt_tokens").asInt()).isEqualTo(300);
    var one = embedded("{\"model\": \"m\", \"input\": \"217\"}");
    assertThat(all.at("/data/217/embedding")).hasToString(one.at("/data/0/embedding").toString());
  }

  @Test
  void aDeploymentOfAzureIsTheModel() {
    var response =
        ApiClient.user()
            .post(
                "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21",
                "{\"input\": \"hello\"}");

    assertThat(response.status()).as(response.text()).isEqualTo(200);
    assertThat(response.json().path("model").asText()).isEqualTo("text-embedding-3-small");
  }

  @Test
  void aProviderThatFailsIsA502AndOneThatRefusesA400() {
    provider.embeddingsDown(true);
    var down = post("{\"model\": \"m\", \"input\": \"hello\"}");
    provider.embeddingsDown(false).refusedByEmbeddings("forbidden");
    var refused = post("{\"model\": \"m\", \"input\": \"forbidden words\"}");

    assertThat(down.status()).isEqualTo(502);
    assertThat(down.error().path("code").asText()).isEqualTo("provider_failed");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("param").asText()).isEqualTo("input");
  }

  @Test
  void requestsAreMeasured() {
    embedded("{\"model\": \"local\", \"input\": \"hello\"}");

    var metrics = ApiClient.anonymous().get("/q/metrics").text();
    assertThat(metrics)
        .containsPattern("threadmill_embeddings_seconds_count\\{outcome=\"completed\"} [1-9]")
        .containsPattern("threadmill_embeddings_tokens_total [1-9]")
        .containsPattern("threadmill_embeddings_inputs_total [1-9]");
  }

  @Test
  void nothingIsComputedWithoutAKey() {
    assertThat(ApiClient.anonymous().post(PATH, "{}").status()).isEqualTo(401);
  }
}
