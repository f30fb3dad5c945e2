package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that respond late: models that are loaded first, limits of rates, calls made wrong. */
@Timeout(60)
class LoadingModelTest {
  private final FakeProvider provider = FakeProvider.start();
  private ModelsSetup setup;

  @AfterEach
  void tearDown() {
    if (setup != null) {
      setup.close();
    }
    provider.close();
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8000/v1, 300, 300",
    "http://192.168.1.7:8000/v1, 300, 300",
    "http://gpu.lan/v1, 300, 300",
    "https://api.example.com/v1, 30, 60",
  })
  void aLocalModelHasFiveMinutesUntilItsFirstByte(String url, int firstByte, int answer) {
    var config = ModelsSetup.config(Map.of());
    var provider = ProviderConfig.of("p", "openai", Optional.of(url), Optional.empty(), "KEY");

    assertThat(provider.firstByteTimeout(config)).isEqualTo(Duration.ofSeconds(firstByte));
    assertThat(provider.answerTimeout(config)).isEqualTo(Duration.ofSeconds(answer));
    assertThat(provider.nextByteTimeout(config)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void aColdModelMayBeSilentForLongerThanBetweenItsBytes() throws InterruptedException {
    models(Map.of("first-byte-timeout", "20s", "next-byte-timeout", "200ms"));
    provider.reply(slowBegin(Reply.text("Hello"), 600));

    assertThat(ask().text()).isEqualTo("Hello");
  }

  @Test
  void silenceBetweenTwoBytesEndsTheCall() {
    models(Map.of("first-byte-timeout", "20s", "next-byte-timeout", "200ms"));
    provider.reply(Reply.text("Hello there").hangAfter(2));

    assertThatThrownBy(this::ask).isInstanceOf(ModelException.class).hasMessageContaining("0.2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Loading model",
        "Model qwen3 is currently loading",
        "The model is still being loaded. Please retry.",
      })
  void aModelThatIsLoadedIsWaitedForLongerThanRetriesLast(String words)
      throws InterruptedException {
    models(Map.of("first-byte-timeout", "20s"));
    for (int i = 0; i < 8; i++) {
      provider.reply(Reply.error(503, "unavailable_error", words));
    }
    provider.reply(Reply.text("Hello"));

    assertThat(ask().text()).isEqualTo("Hello");
  }

  @Test
  void aModelThatIsLoadedForTooLongFails() {
    models(Map.of("first-byte-timeout", "500ms"));
    provider.otherwise(_ -> Reply.error(503, "unavailable_error", "Loading model"));

    assertThatThrownBy(this::ask)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("Loading model");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Rate limit reached. Please try again in 40ms.",
        "Rate limit reached. Please try again in 0.04s. Visit the console.",
        "Please retry in 0.04s.",
      })
  void theWaitThatTheWordsAskForIsKept(String words) throws InterruptedException {
    models(Map.of("first-backoff", "30s"));
    provider.reply(Reply.error(429, "rate_limit_exceeded", words), Reply.text("Hello"));

    assertThat(ask().text()).isEqualTo("Hello");
  }

  @ParameterizedTest
  @CsvSource({
    "tool_use_failed, Failed to call a function. Please adjust your prompt.",
    "tool_use_failed, 'tool call validation failed: parameters for tool f did not match schema'",
    "json_validate_failed, Failed to generate JSON.",
  })
  void aCallThatTheModelMadeWrongIsTriedOnceMore(String code, String words)
      throws InterruptedException {
    models(Map.of());
    provider.reply(Reply.error(400, code, words), Reply.text("Hello"));

    assertThat(ask().text()).isEqualTo("Hello");
    assertThat(provider.requests()).hasSize(2);
  }

  private static Reply slowBegin(Reply reply, long millis) {
    var steps = new ArrayList<>(reply.steps());
    steps.addFirst(new Reply.Step.Pause(millis));
    return new Reply(reply.status(), reply.headers(), steps);
  }

  private void models(Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("openai.base-url", provider.baseUrl());
    all.putIfAbsent("first-backoff", "1ms");
    all.put("longest-backoff", "30s");
    setup = new ModelsSetup(all);
  }

  private ModelResponse ask() throws InterruptedException {
    var request =
        new ModelRequest(
            "m",
            List.of(new ModelMessage.User(List.of(new ModelPart.Text("Hi")))),
            List.of(),
            ToolChoice.AUTO,
            true,
            ResponseFormat.AUTO,
            null,
            null,
            null,
            null);
    return setup.models().require("m").answer(request, _ -> {});
  }
}
