package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent of a request. */
class OpenAiRequestTest extends OpenAiModelFixture {
  @Test
  void sendsEverythingThatTheRequestSays() throws InterruptedException {
    var request =
        new ModelRequest(
            "gpt-4o@2024-08-06",
            List.of(
                new ModelMessage.System("Be brief."),
                new ModelMessage.User(
                    List.of(
                        new ModelPart.Text("Look"),
                        new ModelPart.Image("data:image/png;base64,AA", "low"),
                        new ModelPart.Audio("AAAA", "wav"))),
                new ModelMessage.Assistant(null, List.of(new ModelToolCall("call_1", "f", "{}"))),
                new ModelMessage.ToolResult("call_1", "done")),
            List.of(new FunctionSpec("f", "does", null, true)),
            new ToolChoice.Function("f"),
            false,
            new ResponseFormat.JsonSchema(Json.tree("{\"name\":\"n\",\"schema\":{}}")),
            new ModelRequest.Options(
                0.5, 0.9, 77, "low", List.of("END"), 42L, 0.1, -0.1, null, null));

    model("gpt-4o@2024-08-06").answer(request, this::heard);

    var sent = provider.lastRequest();
    assertThat(sent.headers()).containsEntry("authorization", "Bearer sk-test-secret");
    assertThat(sent.path()).isEqualTo("/v1/chat/completions");
    assertThat(sent.body())
        .isEqualTo(
            json(
                """
                {"model": "gpt-4o-2024-08-06", "stream": true,
                 "stream_options": {"include_usage": true},
                 "messages": [
                   {"role": "system", "content": "Be brief."},
                   {"role": "user", "content": [
                     {"type": "text", "text": "Look"},
                     {"type": "image_url",
                      "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}},
                     {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]},
                   {"role": "assistant", "content": null, "tool_calls": [
                     {"id": "call_1", "type": "function",
                      "function": {"name": "f", "arguments": "{}"}}]},
                   {"role": "tool", "tool_call_id": "call_1", "content": "done"}],
                 "tools": [{"type": "function", "function": {"name": "f", "description": "does",
                   "parameters": {"type": "object", "properties": {}}, "strict": true}}],
                 "tool_choice": {"type": "function", "function": {"name": "f"}},
                 "parallel_tool_calls": false,
                 "response_format": {"type": "json_schema",
                   "json_schema": {"name": "n", "schema": {}}},
                 "temperature": 0.5, "top_p": 0.9, "frequency_penalty": 0.1,
                 "presence_penalty": -0.1, "max_completion_tokens": 77, "seed": 42,
                 "reasoning_effort": "low", "stop": ["END"]}
                """));
  }

  @Test
  void asksTheProviderToSearchTheWebAndReadsWhatItCites() throws InterruptedException {
    var cites =
        json(
            """
            {"content": "It rains.", "annotations": [
              {"type": "url_citation", "url_citation": {"url": "https://news.example/rain",
                "title": "Rain", "start_index": 3, "end_index": 8}},
              {"type": "url_citation", "url_citation": {"url": "javascript:alert(1)",
                "title": "Not an address", "start_index": 0, "end_index": 1}},
              {"type": "url_citation", "url_citation": {"url": "https://news.example/none",
                "start_index": 8, "end_index": 3}}]}""");
    provider.reply(
        Reply.streamed(
            List.of(
                new Reply.Step.Delta((ObjectNode) cites),
                new Reply.Step.Finish("stop"),
                new Reply.Step.Done())));
    var search = new ModelRequest.WebSearch("low", json("{\"country\": \"AT\"}"));
    var request =
        ModelRequest.of("gpt-4o", List.of(), List.of())
            .with(ModelRequest.Options.DEFAULTS.with(search));

    model("gpt-4o").answer(request, this::heard);

    assertThat(provider.lastRequest().body().path("web_search_options"))
        .isEqualTo(
            json(
                """
                {"search_context_size": "low",
                 "user_location": {"type": "approximate", "approximate": {"country": "AT"}}}"""));
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("It rains."),
            new ModelDelta.Citation("https://news.example/rain", "Rain", 3, 8));
  }

  @Test
  void leavesOutWhatTheRequestDoesNotSay() throws InterruptedException {
    ask("Hi");

    assertThat(provider.lastRequest().body())
        .isEqualTo(
            json(
                """
                {"model": "gpt-4o", "stream": true, "stream_options": {"include_usage": true},
                 "messages": [{"role": "user", "content": "Hi"}]}
                """));
  }

  @ParameterizedTest
  @CsvSource({"reasoning_content", "reasoning", "none"})
  void reasoningGoesBackOnlyWhereTheServerWantsIt(String field, @TempDir Path folder)
      throws Exception {
    // Given
    var file = folder.resolve("models.yaml");
    Files.writeString(
        file,
        """
        providers: {one: {base_url: "%s", reasoning_field: %s}}
        models: [{name: m, provider: one}]
        """
            .formatted(provider.baseUrl(), field));
    setup.close();
    setup = setup(Map.of("file", file.toString()));
    provider.reply(Reply.call("f", "{}").withReasoning("I need f."), Reply.text("ok"));
    var user = new ModelMessage.User(List.of(new ModelPart.Text("Hi")));

    // When
    var first = model("m").answer(plain("m", user), this::heard);
    var calls = List.of(new ModelToolCall("call_1", "f", "{}"));
    model("m")
        .answer(
            plain(
                "m",
                new ModelMessage.Assistant(null, calls),
                new ModelMessage.ToolResult("call_1", "of an earlier run"),
                user,
                new ModelMessage.Assistant(null, calls, first.thoughts()),
                new ModelMessage.ToolResult("call_1", "done")),
            this::heard);

    // Then
    var sent = provider.lastRequest().body().path("messages");
    if (field.equals("none")) {
      assertThat(first.thoughts().text()).isNull();
      assertThat(sent.toString()).doesNotContain("reasoning");
    } else {
      assertThat(sent.get(0).path(field).asText("missing")).isEmpty();
      assertThat(sent.get(3).path(field).asText()).isEqualTo("I need f.");
    }
  }

  private static ModelRequest plain(String model, ModelMessage... messages) {
    return new ModelRequest(
        model,
        List.of(messages),
        List.of(),
        ToolChoice.AUTO,
        true,
        ResponseFormat.AUTO,
        null,
        null,
        null,
        null);
  }
}
