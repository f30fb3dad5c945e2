package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.threadmill.api.Json;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelResponse.FinishReason;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.testing.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams of Claude, Gemini and Ollama that are odd, cut, or not theirs at all. */
class NativeStreamsTest extends LangChainModelFixture {

  private static String block(int index, String block) {
    return "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":%s}"
        .formatted(index, block);
  }

  private static String piece(int index, String delta) {
    return "{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":%s}".formatted(index, delta);
  }

  private static String text(int index, String text) {
    return piece(index, "{\"type\":\"text_delta\",\"text\":\"%s\"}".formatted(text));
  }

  private static String end(int index) {
    return "{\"type\":\"content_block_stop\",\"index\":%d}".formatted(index);
  }

  private static String input(int index, String json) {
    return piece(
        index,
        Json.MAPPER
            .createObjectNode()
            .put("type", "input_json_delta")
            .put("partial_json", json)
            .toString());
  }

  private static Reply ollama(String... messages) {
    var lines = new ArrayList<String>();
    for (var message : messages) {
      lines.add("{\"model\":\"m\",\"message\":%s,\"done\":false}\n".formatted(message));
    }
    lines.add("{\"model\":\"m\",\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3}\n");
    return raw("application/x-ndjson", lines);
  }

  private List<ModelToolCall> callsOf(String model, Reply reply) throws InterruptedException {
    provider.reply(reply);
    return ask(model, user("Hi")).toolCalls();
  }

  @Test
  void eventsAndBlocksOfClaudeThatAreNotKnownAreLeftOut() throws InterruptedException {
    provider.reply(
        claude(
            "{\"type\":\"ping\"}",
            "{\"type\":\"surprise\",\"index\":0,\"data\":{\"a\":1}}",
            block(
                0,
                "{\"type\":\"server_tool_use\",\"id\":\"srvtoolu_1\",\"name\":\"web_search\",\"input\":{}}"),
            input(0, "{\"query\":\"x\"}"),
            end(0),
            block(
                1,
                "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":[]}"),
            end(1),
            block(2, "{\"type\":\"novelty\",\"x\":[1]}"),
            piece(2, "{\"type\":\"novelty_delta\",\"y\":1}"),
            end(2),
            block(3, "{\"type\":\"text\",\"text\":\"It \",\"citations\":null}"),
            text(3, "is sunny."),
            piece(3, "{\"type\":\"citations_delta\",\"citation\":{\"type\":\"char_location\"}}"),
            end(3)));

    var response = ask(CLAUDE, user("Hi"));

    assertThat(response.text()).endsWith("is sunny.");
    assertThat(response.toolCalls()).isEmpty();
    assertThat(response.finishReason()).isIn(FinishReason.STOP, FinishReason.TOOL_CALLS);
  }

  @Test
  void argumentsOfClaudeAreWholeHoweverTheyCome() throws InterruptedException {
    var use = "{\"type\":\"tool_use\",\"id\":\"toolu_%d\",\"name\":\"get_weather\",\"input\":%s}";

    assertThat(
            callsOf(
                CLAUDE,
                claude(
                    block(0, use.formatted(1, "{}")),
                    end(0),
                    block(1, use.formatted(2, "{\"city\":\"Rome\"}")),
                    end(1),
                    block(2, use.formatted(3, "{}")),
                    input(2, ""),
                    input(2, "{\"city\":"),
                    input(2, "\"Oslo\"}"),
                    end(2))))
        .extracting(ModelToolCall::id, call -> Json.tree(call.arguments()).toString())
        .containsExactly(
            tuple("toolu_1", "{}"),
            tuple("toolu_2", "{\"city\":\"Rome\"}"),
            tuple("toolu_3", "{\"city\":\"Oslo\"}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}}",
        "{\"type\":\"content_block_start\",\"index\":5,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}}",
      })
  void aCallOfClaudeWithoutAnIndexOrWithAnotherIsThere(String start) throws InterruptedException {
    int index = Json.tree(start).path("index").asInt(0);

    assertThat(callsOf(CLAUDE, claude(start, input(index, "{\"city\":\"Rome\"}"), end(index))))
        .extracting(call -> Json.tree(call.arguments()).toString())
        .containsExactly("{\"city\":\"Rome\"}");
  }

  @Test
  void thoughtsThatAnthropicHidesGoBackToItAsTheyCame() throws InterruptedException {
    provider.reply(
        claude(
            block(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
            piece(0, "{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}"),
            piece(0, "{\"type\":\"signature_delta\",\"signature\":\"sig-1\"}"),
            end(0),
            block(1, "{\"type\":\"redacted_thinking\",\"data\":\"hidden-1\"}"),
            end(1),
            block(
                2,
                "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{}}"),
            input(2, "{\"city\":\"Rome\"}"),
            end(2)),
        says(CLAUDE, "Sunny."));
    var first = ask(CLAUDE, user("Hi"));

    ask(
        CLAUDE,
        user("Hi"),
        new ModelMessage.Assistant(null, first.toolCalls(), first.thoughts()),
        new ModelMessage.ToolResult("toolu_1", "sunny"));

    assertThat(provider.lastRequest().body().at("/messages/1/content").toString())
        .contains("sig-1", "hidden-1", "redacted_thinking");
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aStreamThatIsCutIsNoAnswer(String model) {
    var whole = says(model, "It ", "is ", "sunny.");
    provider.otherwise(_ -> withoutEnd(whole, model));

    assertThatThrownBy(() -> ask(model, user("Hi")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("in the middle of its response");
  }

  private static Reply withoutEnd(Reply whole, String model) {
    return first(whole, whole.steps().size() - (model.equals(CLAUDE) ? 3 : 1));
  }

  @Test
  void parallelCallsOfGeminiAreAllThereWithIdsOrWithout() throws InterruptedException {
    var part = "{\"functionCall\":{%s\"name\":\"get_weather\"%s}}";
    var first = part.formatted("", ",\"args\":{\"city\":\"Rome\"}");
    var second = part.formatted("\"id\":\"f2\",", ",\"args\":{\"city\":\"Oslo\"}");
    var third = part.formatted("", "");

    var calls =
        callsOf(GEMINI, events(List.of(gemini(first + "," + second, false), gemini(third, true))));

    assertThat(calls)
        .extracting(call -> Json.tree(call.arguments()).toString())
        .containsExactly("{\"city\":\"Rome\"}", "{\"city\":\"Oslo\"}", "{}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"executableCode\":{\"language\":\"PYTHON\",\"code\":\"1\"}},{\"text\":\"It is sunny.\"}",
        "{\"codeExecutionResult\":{\"outcome\":\"OUTCOME_OK\"}},{\"text\":\"It is sunny.\"}",
        "{\"novelty\":{\"a\":[1]}},{\"text\":\"It is sunny.\"}",
        "{\"text\":\"Hm.\",\"thought\":true},{\"text\":\"It is sunny.\"}",
        "{\"text\":\"\"},{\"text\":\"It is sunny.\",\"thoughtSignature\":\"c2ln\"}",
      })
  void partsOfGeminiThatAreNotTextDoNotSpoilIt(String parts) throws InterruptedException {
    provider.reply(events(List.of(gemini(parts, true))));

    assertThat(ask(GEMINI, user("Hi")).text()).isEqualTo("It is sunny.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"candidates\":[{\"content\":{\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}]}",
        "{\"candidates\":[{\"finishReason\":\"STOP\"}]}",
        "{\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":3}}",
        "{\"usageMetadata\":{\"promptTokenCount\":3,\"totalTokenCount\":3}}",
      })
  void eventsOfGeminiWithoutContentDoNotSpoilTheRest(String event) throws InterruptedException {
    provider.reply(
        events(
            List.of(
                gemini("{\"text\":\"It is sunny.\"}", false),
                event.contains("STOP") ? "{}" : event,
                "{\"candidates\":[{\"content\":{\"role\":\"model\"},\"finishReason\":\"STOP\"}]}")));
    assertThat(ask(GEMINI, user("Hi")).text()).isEqualTo("It is sunny.");
    if (event.contains("STOP")) {
      provider.reply(events(List.of(gemini("{\"text\":\"Again.\"}", false), event)));
      assertThat(ask(GEMINI, user("Hi")).text()).isEqualTo("Again.");
    }
  }

  @Test
  void aMessageOfClaudeThatComesAsAWholeIsRead() throws InterruptedException {
    provider.reply(
        raw(
            "application/json",
            List.of(
                """
                {"id": "m", "type": "message", "role": "assistant", "model": "m",
                 "content": [{"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                   {"type": "text", "text": "Let me look."},
                   {"type": "tool_use", "id": "toolu_1", "name": "get_weather",
                     "input": {"city": "Rome"}}],
                 "stop_reason": "tool_use", "usage": {"input_tokens": 11, "output_tokens": 7}}
                """)));

    var response = ask(CLAUDE, user("Hi"));

    assertThat(response.text()).isEqualTo("Let me look.");
    assertThat(response.reasoning()).isEqualTo("Hm.");
    assertThat(response.toolCalls())
        .containsExactly(new ModelToolCall("toolu_1", "get_weather", "{\"city\":\"Rome\"}"));
    assertThat(response.usage().completionTokens()).isEqualTo(7);
  }

  @Test
  void anArrayOfGeminiInPlaceOfEventsIsRead() throws InterruptedException {
    provider.reply(
        raw(
            "application/json",
            List.of(
                "["
                    + gemini("{\"text\":\"It \"}", false)
                    + ",\n"
                    + gemini("{\"text\":\"is sunny.\"}", true)
                    + "]")));

    assertThat(ask(GEMINI, user("Hi")).text()).isEqualTo("It is sunny.");
  }

  @ParameterizedTest
  @CsvSource({"-5, -1", "null, null", "\"many\", {}", "9e18, 99999999999"})
  void countsThatAreImpossibleAreOurs(String prompt, String completion)
      throws InterruptedException {
    for (var model : List.of(CLAUDE, GEMINI, OLLAMA)) {
      provider.reply(counting(model, prompt, completion));

      var usage = ask(model, user("Hi")).usage();

      assertThat(usage.promptTokens()).as(model).isBetween(1L, 200L);
      assertThat(usage.completionTokens()).as(model).isBetween(1L, 20L);
    }
  }

  private static Reply counting(String model, String prompt, String completion) {
    return switch (model) {
      case CLAUDE ->
          raw(
              "text/event-stream",
              List.of(
                  "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":%s,\"cache_read_input_tokens\":%s}}}\n\n"
                      .formatted(prompt, prompt),
                  "event: content_block_start\ndata: "
                      + block(0, "{\"type\":\"text\",\"text\":\"\"}")
                      + "\n\n",
                  "event: content_block_delta\ndata: " + text(0, "Hello") + "\n\n",
                  "event: content_block_stop\ndata: " + end(0) + "\n\n",
                  "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":%s}}\n\n"
                      .formatted(completion),
                  "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
      case GEMINI ->
          events(
              List.of(
                  "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":%s,\"candidatesTokenCount\":%s}}"
                      .formatted(prompt, completion)));
      default ->
          raw(
              "application/x-ndjson",
              List.of(
                  "{\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"done\":false}\n",
                  "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":%s,\"eval_count\":%s}\n"
                      .formatted(prompt, completion)));
    };
  }

  @ParameterizedTest
  @CsvSource({
    CLAUDE + ", application/json",
    GEMINI + ", application/json",
    OLLAMA + ", text/plain",
    CLAUDE + ", ''"
  })
  void theContentTypeOfAStreamDoesNotMatter(String model, String type) throws InterruptedException {
    provider.reply(
        new Reply(200, Map.of("content-type", type), says(model, "It ", "is sunny.").steps()));

    assertThat(ask(model, user("Hi")).text()).isEqualTo("It is sunny.");
  }

  @Test
  void linesOfOllamaWithoutAMessageOrReasonEndTheAnswer() throws InterruptedException {
    provider.reply(
        raw(
            "application/x-ndjson",
            List.of(
                "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"It is sunny.\"},\"done\":false}\n",
                "\n",
                "{\"model\":\"m\",\"done\":true}\n")));

    assertThat(ask(OLLAMA, user("Hi")).text()).isEqualTo("It is sunny.");
  }

  @Test
  void callsOfOllamaComeWithIdsIndexesAndArgumentsOfAnyForm() throws InterruptedException {
    var calls =
        callsOf(
            OLLAMA,
            ollama(
                "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"call_a\",\"function\":{\"index\":0,\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]}",
                "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"call_a\",\"function\":{\"index\":0,\"name\":\"get_weather\",\"arguments\":{\"city\":\"Oslo\"}}}]}",
                "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"get_weather\"}}]}",
                "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"get_weather\",\"arguments\":null}}]}",
                "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":null}"));

    assertThat(calls)
        .extracting(call -> Json.tree(call.arguments()).toString())
        .containsExactly("{\"city\":\"Rome\"}", "{\"city\":\"Oslo\"}", "{}", "{}");
  }

  @Test
  void thoughtsOfOllamaInAFieldOfTheirOwnAreReasoning() throws InterruptedException {
    provider.reply(
        ollama(
            "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"Hm.\"}",
            "{\"role\":\"assistant\",\"content\":\"It is sunny.\"}"));

    var response = ask(OLLAMA, user("Hi"));

    assertThat(response.reasoning()).isEqualTo("Hm.");
    assertThat(response.text()).isEqualTo("It is sunny.");
  }
}
