package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.FakeProvider;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A provider that speaks the protocol of OpenAI, and calls of its models. */
abstract class OpenAiModelFixture {
  final FakeProvider provider = FakeProvider.start();

  final List<ModelDelta> deltas = Collections.synchronizedList(new ArrayList<>());

  ModelsSetup setup;

  @BeforeEach
  void setUp() {
    setup = setup(Map.of());
  }

  @AfterEach
  void tearDown() {
    setup.close();
    provider.close();
  }

  ModelException assertFails(ModelException.Kind kind) {
    var failure = new ModelException[1];
    assertThatThrownBy(() -> ask("Hi"))
        .isInstanceOfSatisfying(ModelException.class, e -> failure[0] = e);
    assertThat(failure[0].kind()).isEqualTo(kind);
    return failure[0];
  }

  void heard(ModelDelta delta) {
    if (delta instanceof ModelDelta.Batch(var pieces)) {
      pieces.forEach(this::heard);
    } else {
      deltas.add(delta);
    }
  }

  ModelResponse ask(String text) throws InterruptedException {
    return model("gpt-4o").answer(request(text), this::heard);
  }

  LanguageModel model(String name) {
    return setup.models().require(name);
  }

  ModelsSetup setup(Map<String, String> more) {
    var settings =
        new HashMap<>(Map.of("openai.base-url", provider.baseUrl() + "/", "first-backoff", "1ms"));
    settings.put("openai.api-key", "sk-test-secret");
    settings.putAll(more);
    return new ModelsSetup(settings);
  }

  static ModelRequest request(String text) {
    return new ModelRequest(
        "gpt-4o",
        List.of(new ModelMessage.User(List.of(new ModelPart.Text(text)))),
        List.of(),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }

  String foldedArguments(int index) {
    var folded = new StringBuilder();
    for (var delta : deltas) {
      if (delta instanceof ModelDelta.ToolCallArguments(var of, var fragment) && of == index) {
        folded.append(fragment);
      }
    }
    return folded.toString();
  }

  static byte[] chunk(String choice) {
    return ("data: {\"choices\":[" + choice + "]}\n\n").getBytes(StandardCharsets.UTF_8);
  }

  static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
