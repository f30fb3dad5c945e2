package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the models file can say about how a model writes, and how long it may take. */
class ModelOptionsTest {
  private final FakeProvider provider = FakeProvider.start();
  private final List<ModelDelta> deltas = new ArrayList<>();
  @TempDir Path folder;
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
    "auto, '<think>why</think>\n\nanswer', why, answer",
    "auto, '\n <thinking>why</thinking>answer', why, answer",
    "auto, '<think>one</think><think>two</think>answer', onetwo, answer",
    "auto, '<think>why', why, ''",
    "auto, '<think></think>answer', , answer",
    "auto, 'The tag <think>x</think> is text.', , 'The tag <think>x</think> is text.'",
    "auto, '<thin ice', , '<thin ice'",
    "auto, '<', , '<'",
    "auto, '  ', , '  '",
    "auto, 'a < b </think>', , 'a < b </think>'",
    "opened, 'why</think>\nanswer', why, answer",
    "none, '<think>why</think>answer', , '<think>why</think>answer'",
  })
  void reasoningInTheTextIsFoundHoweverItIsSplit(
      String tags, String written, String reasoning, String text) throws Exception {
    models("- {name: m, provider: one, reasoning_tags: %s}".formatted(tags));
    for (int size = 1; size <= written.length(); size++) {
      deltas.clear();
      provider.reply(pieces(written, size));

      var response = ask("m");

      assertThat(response.reasoning()).isEqualTo(reasoning);
      assertThat(response.text()).isEqualTo(text);
      var streamed = new StringBuilder();
      deltas.forEach(delta -> appendText(streamed, delta));
      assertThat(streamed.toString()).isEqualTo(text);
    }
  }

  private static void appendText(StringBuilder text, ModelDelta delta) {
    if (delta instanceof ModelDelta.Text(var piece)) {
      text.append(piece);
    } else if (delta instanceof ModelDelta.Batch(var all)) {
      all.forEach(each -> appendText(text, each));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hermes: Let me look.<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
            + "<tool_call>{\"name\":\"g\",\"arguments\":\"{\\\"b\\\":2}\"}</tool_call>\n",
        "hermes: Let me look.<tool_call>{\"name\":\"f\",\"parameters\":{\"a\":1}}</tool_call><tool_call>"
            + "{\"name\":\"g\",\"arguments\":{\"b\":2}}",
        "mistral: Let me look.[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": 1}},"
            + " {\"name\": \"g\", \"arguments\": {\"b\": 2}}]",
        "mistral: Let me look.[TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[CALL_ID]123456789[ARGS]"
            + "{\"b\": 2}",
        "mistral: Let me look.[TOOL_CALLS]f{\"a\": 1}[TOOL_CALLS]g{\"b\": 2}",
      })
  void callsThatAreWrittenAsTextAreCalls(String example) throws Exception {
    var format = example.substring(0, example.indexOf(':'));
    var written = example.substring(example.indexOf(':') + 2);
    models("- {name: m, provider: one, text_tool_calls: %s}".formatted(format));
    for (int size = 1; size < written.length(); size += 3) {
      provider.reply(pieces(written, size));

      var response = ask("m");

      assertThat(response.text()).isEqualTo("Let me look.");
      assertThat(response.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
      assertThat(response.toolCalls())
          .extracting(ModelToolCall::name, call -> Json.tree(call.arguments()).toString())
          .containsExactly(tuple("f", "{\"a\":1}"), tuple("g", "{\"b\":2}"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hermes: The tag <tool_call> begins a call.",
        "hermes: <tool_call>{not json}</tool_call> is wrong.",
        "mistral: [TOOL_CALLS] is a word.",
        "none: <tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>",
      })
  void whatIsNoCallStaysText(String example) throws Exception {
    var format = example.substring(0, example.indexOf(':'));
    var written = example.substring(example.indexOf(':') + 2);
    models("- {name: m, provider: one, text_tool_calls: %s}".formatted(format));
    provider.reply(pieces(written, 5));

    var response = ask("m");

    assertThat(response.text()).isEqualTo(written);
    assertThat(response.toolCalls()).isEmpty();
  }

  @Test
  void timeLimitsAreThoseOfTheModelOrElseOfItsProvider() throws Exception {
    models(
        "- {name: quick, provider: one, timeouts: {first_byte: 100ms}}\n"
            + "  - {name: plain, provider: impatient}\n"
            + "  - {name: stalls, provider: one, timeouts: {first_byte: 10s, next_byte: 200ms}}");
    provider.reply(Reply.hang(), Reply.hang(), Reply.text("one two").hangAfter(2));

    assertFails("quick", "0.1 seconds");
    assertFails("plain", "0.3 seconds");
    assertFails("stalls", "0.2 seconds");
  }

  @Test
  void aRuleDescribesAllModelsOfAForm() throws Exception {
    models(
        "- {name: big-*, provider: one, context_window: 5000, images: false}\n"
            + "  - {name: one/*, provider: one, model: \"*\", tier: fast}\n"
            + "  - {name: big-one, provider: one, tier: exact}");
    provider.reply(Reply.text("Hello"), Reply.text("Hello"));

    ask("big-two");
    assertThat(provider.lastRequest().model()).isEqualTo("big-two");
    assertThat(info("big-two").contextWindow()).isEqualTo(5000);
    assertThat(info("big-two").images()).isFalse();
    assertThat(info("big-one").tier()).isEqualTo("exact");
    ask("one/llama:8b");
    assertThat(provider.lastRequest().model()).isEqualTo("llama:8b");
    assertThat(info("one/llama:8b").tier()).isEqualTo("fast");
    assertThat(setup.models().find("other")).isEmpty();
  }

  @Test
  void whatAProviderListsIsListedAndNothingElseExists() throws Exception {
    provider.lists("big-two", "small");
    models("- {name: big-*, provider: one}\n  - {name: mine, provider: one, model: small}");

    assertThat(setup.models().all())
        .extracting(ModelInfo::name)
        .containsExactly("mine", "big-two", "rehearsal");
    assertThat(setup.models().describe("big-two")).isPresent();
    assertThat(setup.models().describe("big-three")).isPresent();
    assertThat(setup.models().describe("gtp-9")).isEmpty();
  }

  @Test
  void aNameThatTheListOfTheDefaultProviderLacksDoesNotExist() {
    provider.lists("gpt-9", "gpt-9-2026-04-15");
    setup = new ModelsSetup(Map.of("openai.base-url", provider.baseUrl()));

    assertThat(setup.models().describe("gpt-9")).isPresent();
    assertThat(setup.models().describe("gpt-9@2026-04-15")).isPresent();
    assertThat(setup.models().describe("gtp-9")).isEmpty();
    assertThat(setup.models().find("gtp-9")).as("can be called all the same").isPresent();
    assertThat(setup.models().all())
        .extracting(ModelInfo::name)
        .containsExactly("gpt-9", "gpt-9-2026-04-15", "rehearsal");
  }

  @Test
  void aProviderThatListsNothingIsTakenByItsWord() {
    setup = new ModelsSetup(Map.of("openai.base-url", provider.baseUrl()));

    assertThat(setup.models().describe("gtp-9")).isPresent();
    assertThat(setup.models().isDescribed("gtp-9")).isFalse();
    assertThat(setup.models().isDescribed("gpt-4o")).isTrue();
    assertThat(setup.models().all()).extracting(ModelInfo::name).containsExactly("rehearsal");
  }

  private ModelInfo info(String model) {
    return setup.models().require(model).info();
  }

  private void assertFails(String model, String message) {
    assertThatThrownBy(() -> ask(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(message);
  }

  private void models(String models) throws IOException {
    var file = folder.resolve("models.yaml");
    Files.writeString(
        file,
        """
        providers:
          one: {base_url: "%s"}
          impatient: {base_url: "%s", timeouts: {first_byte: 300ms}}
        models:
          %s
        """
            .formatted(provider.baseUrl(), provider.baseUrl(), models));
    setup = new ModelsSetup(Map.of("file", file.toString(), "retries", "0"));
  }

  private static Reply pieces(String text, int size) {
    var writes = new ArrayList<byte[]>();
    for (int from = 0; from < text.length(); from += size) {
      var chunk = Json.MAPPER.createObjectNode();
      chunk
          .putArray("choices")
          .addObject()
          .putObject("delta")
          .put("content", text.substring(from, Math.min(text.length(), from + size)));
      writes.add(("data: " + chunk + "\n\n").getBytes(StandardCharsets.UTF_8));
    }
    writes.add("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
    return Reply.raw("text/event-stream", writes.toArray(byte[][]::new));
  }

  private ModelResponse ask(String model) throws InterruptedException {
    var request =
        new ModelRequest(
            model,
            List.of(new ModelMessage.User(List.of(new ModelPart.Text("Hi")))),
            List.of(
                new FunctionSpec("f", "does", null, null),
                new FunctionSpec("g", "does", null, null)),
            ToolChoice.AUTO,
            true,
            ResponseFormat.AUTO,
            null,
            null,
            null,
            null);
    return setup.models().require(model).answer(request, deltas::add);
  }
}
