package dev.threadmill.models.langchain;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A provider that speaks the protocols of Anthropic, Gemini and Ollama, and calls of its models.
 */
abstract class LangChainModelFixture {
  static final String CLAUDE = "claude-sonnet-4-5@2025-09-29";
  static final String GEMINI = "gemini-2.5-flash";
  static final String OLLAMA = "ollama/llama3.2";
  static final FunctionSpec WEATHER =
      new FunctionSpec(
          "get_weather",
          "Get weather",
          Json.tree(
              """
              {"type": "object", "required": ["city"], "additionalProperties": false,
               "properties": {"city": {"type": "string", "description": "Where"},
                 "days": {"type": "integer"}, "unit": {"type": "string", "enum": ["c", "f"]}}}
              """),
          null);

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

  static Reply says(String model, String... words) {
    var lines = new ArrayList<String>();
    switch (model) {
      case CLAUDE -> {
        lines.add(
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
        for (var word : words) {
          lines.add(
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}"
                  .formatted(word));
        }
        lines.add("{\"type\":\"content_block_stop\",\"index\":0}");
        return claude(lines.toArray(String[]::new));
      }
      case GEMINI -> {
        for (int i = 0; i < words.length; i++) {
          lines.add(gemini("{\"text\":\"%s\"}".formatted(words[i]), i == words.length - 1));
        }
        return events(lines);
      }
      default -> {
        for (var word : words) {
          lines.add(
              "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"done\":false}\n"
                  .formatted(word));
        }
        lines.add(
            "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
                + "\"done_reason\":\"stop\",\"prompt_eval_count\":11,\"eval_count\":7}\n");
        return raw("application/x-ndjson", lines);
      }
    }
  }

  static Reply calls(String model) {
    return switch (model) {
      case CLAUDE ->
          claude(
              "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}}",
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\":\"}}",
              "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\\\"Rome\\\"}\"}}",
              "{\"type\":\"content_block_stop\",\"index\":0}");
      case GEMINI ->
          events(
              List.of(
                  gemini(
                      "{\"functionCall\":{\"name\":\"get_weather\",\"args\":{\"city\":\"Rome\"}}}",
                      true)));
      default ->
          raw(
              "application/x-ndjson",
              List.of(
                  "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]},\"done\":false}\n",
                  "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":11,\"eval_count\":7}\n"));
    };
  }

  static Reply claude(String... blocks) {
    var events = new ArrayList<String>();
    events.add(
        "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":11,\"output_tokens\":0}}}");
    events.addAll(List.of(blocks));
    boolean calls = List.of(blocks).toString().contains("tool_use");
    events.add(
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\"},\"usage\":{\"output_tokens\":7}}"
            .formatted(calls ? "tool_use" : "end_turn"));
    events.add("{\"type\":\"message_stop\"}");
    return raw(
        "text/event-stream",
        events.stream()
            .map(
                data ->
                    "event: %s\ndata: %s\n\n"
                        .formatted(Json.tree(data).path("type").asText(), data))
            .toList());
  }

  static String gemini(String part, boolean last) {
    return "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[%s]}%s,\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":11,\"candidatesTokenCount\":7,\"totalTokenCount\":18}}"
        .formatted(part, last ? ",\"finishReason\":\"STOP\"" : "");
  }

  static Reply events(List<String> data) {
    return raw("text/event-stream", data.stream().map(line -> "data: " + line + "\n\n").toList());
  }

  static Reply raw(String type, List<String> writes) {
    return Reply.raw(
        type, writes.stream().map(w -> w.getBytes(StandardCharsets.UTF_8)).toArray(byte[][]::new));
  }

  ModelResponse ask(String model, ModelMessage... messages) throws InterruptedException {
    return setup.models().require(model).answer(request(model, List.of(messages)), deltas::add);
  }

  ModelResponse ask(String model, String effort, ToolChoice choice, ModelMessage... messages)
      throws InterruptedException {
    var request =
        new ModelRequest(
            model,
            List.of(messages),
            List.of(WEATHER),
            choice,
            true,
            ResponseFormat.AUTO,
            1.0,
            1.0,
            null,
            effort);
    return setup.models().require(model).answer(request, deltas::add);
  }

  /** The first few writes of a reply, and others behind them. */
  static Reply first(Reply whole, int writes, String... others) {
    var steps = new ArrayList<>(whole.steps().subList(0, writes));
    steps.addAll(raw("", List.of(others)).steps());
    return new Reply(200, whole.headers(), steps);
  }

  static ModelMessage user(String text) {
    return new ModelMessage.User(List.of(new ModelPart.Text(text)));
  }

  static ModelRequest request(String model, List<ModelMessage> messages) {
    return new ModelRequest(
        model,
        messages,
        List.of(WEATHER),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }

  ModelsSetup setup(Map<String, String> more) {
    var base = provider.baseUrl();
    var settings =
        new HashMap<>(
            Map.of(
                "anthropic.base-url",
                base,
                "anthropic.api-key",
                "sk-anthropic",
                "gemini.base-url",
                base,
                "gemini.api-key",
                "sk-gemini",
                "ollama.base-url",
                base,
                "first-backoff",
                "1ms"));
    settings.putAll(more);
    return new ModelsSetup(settings);
  }
}
