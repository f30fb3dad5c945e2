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
  private static final String PAGE = "<html><head><title>Sign in</title></head></html>";

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

  /** The first few writes of a reply, and others behind them. */
  private static Reply first(Reply whole, int writes, String... others) {
    var steps = new ArrayList<>(whole.steps().subList(0, writes));
    steps.addAll(raw("", List.of(others)).steps());
    return new Reply(200, whole.headers(), steps);
  }

  private static Reply body(int status, String text) {
    var type =
        text.startsWith("<")
            ? "text/html"
            : text.matches("[\\[{].*") ? "application/json" : "text/plain";
    return new Reply(status, Map.of("content-type", type), raw(type, List.of(text)).steps());
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aPageInPlaceOfAnAnswerSaysToCheckTheAddress(String model) {
    provider.otherwise(_ -> raw("text/html", List.of(PAGE)));

    assertThatThrownBy(() -> ask(model, user("Hi")))
        .isInstanceOf(ModelException.class)
        .hasMessageContainingAll("HTML", "Sign in", "base_url");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE
            + " | {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"No such thing.\"}}",
        GEMINI
            + " | {\"error\":{\"code\":400,\"message\":\"No such thing.\",\"status\":\"INVALID_ARGUMENT\"}}",
        GEMINI
            + " | [{\"error\":{\"code\":400,\"message\":\"No such thing.\",\"status\":\"INVALID_ARGUMENT\"}}]",
        OLLAMA + " | {\"error\":\"No such thing.\"}",
      })
  void anErrorWithStatus200IsAnError(String model, String body) {
    provider.otherwise(_ -> raw("application/json", List.of(body)));

    assertThatThrownBy(() -> ask(model, user("Hi"))).hasMessageContaining("No such thing.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE
            + " | event: error\\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\\n\\n | true",
        CLAUDE
            + " | event: error\\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal server error\"}}\\n\\n | true",
        CLAUDE
            + " | event: error\\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Bad\"}}\\n\\n | false",
        GEMINI
            + " | data: {\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}\\n\\n | true",
        GEMINI
            + " | data: {\"error\":{\"code\":500,\"message\":\"An internal error.\",\"status\":\"INTERNAL\"}}\\n\\n | true",
        GEMINI
            + " | data: {\"error\":{\"code\":400,\"message\":\"Bad\",\"status\":\"INVALID_ARGUMENT\"}}\\n\\n | false",
        OLLAMA
            + " | {\"error\":\"an error was encountered while running the model: unexpected EOF\"}\\n | true",
      })
  void anErrorBeforeTheFirstWordIsTriedAgainIfItsKindIs(String model, String error, boolean again)
      throws InterruptedException {
    provider.reply(
        raw(
            model.equals(OLLAMA) ? "application/x-ndjson" : "text/event-stream",
            List.of(error.replace("\\n", "\n"))),
        says(model, "At last."));

    if (again) {
      assertThat(ask(model, user("Hi")).text()).isEqualTo("At last.");
    } else {
      assertThatThrownBy(() -> ask(model, user("Hi"))).hasMessageContaining("Bad");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE
            + " | 529 | {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        CLAUDE + " | 502 | " + PAGE,
        GEMINI
            + " | 503 | [{\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}]",
        OLLAMA + " | 503 | server busy, please try again.  maximum pending requests exceeded",
      })
  void aPassingFaultOfAnyFormIsTriedAgain(String model, int status, String body)
      throws InterruptedException {
    provider.reply(body(status, body), says(model, "At last."));

    assertThat(ask(model, user("Hi")).text()).isEqualTo("At last.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE
            + " | 413 | {\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"Request exceeds the maximum size\"}} | maximum size",
        CLAUDE
            + " | 403 | {\"type\":\"error\",\"error\":{\"type\":\"permission_error\",\"message\":\"Your organization may not use it.\"}} | may not use it",
        CLAUDE + " | 404 | " + PAGE + " | base_url",
        CLAUDE
            + " | 404 | {\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"model: claude-x\"}} | model",
        GEMINI
            + " | 403 | [{\"error\":{\"code\":403,\"message\":\"Generative Language API has not been used in project 1\",\"status\":\"PERMISSION_DENIED\"}}] | has not been used",
        GEMINI
            + " | 404 | {\"error\":{\"code\":404,\"message\":\"models/x is not found for API version v1beta\",\"status\":\"NOT_FOUND\"}} | not found",
        GEMINI
            + " | 400 | {\"error\":{\"code\":400,\"message\":\"API key not valid.\",\"status\":\"INVALID_ARGUMENT\"}} | key",
        OLLAMA + " | 404 | {\"error\":\"model 'llama3.2' not found\"} | llama3.2",
        OLLAMA + " | 404 | 404 page not found | base_url",
        OLLAMA
            + " | 400 | {\"error\":\"registry.ollama.ai/library/gemma:latest does not support tools\"} | does not support tools",
      })
  void anErrorKeepsTheWordsOfTheProvider(String model, int status, String body, String words) {
    provider.otherwise(_ -> body(status, body));

    assertThatThrownBy(() -> ask(model, user("Hi"))).hasMessageContaining(words);
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

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE + " | messages: text content blocks must be non-empty",
        CLAUDE
            + " | messages.1: all messages must have non-empty content except for the optional final assistant message",
        GEMINI + " | Please ensure that multiturn requests alternate between user and model.",
        OLLAMA + " | template: :1:2: executing \\\"\\\" at <index>: error calling index",
      })
  void aHistoryThatIsRefusedIsWrittenInTheStrictForm(String model, String refusal)
      throws InterruptedException {
    provider.reply(Reply.error(400, "x", refusal), says(model, "Sunny."));

    var response =
        ask(
            model,
            user("How is it?"),
            new ModelMessage.Assistant("", List.of()),
            user(" "),
            new ModelMessage.Assistant(
                null, List.of(new ModelToolCall("call_1", "get_weather", "{\"city\":\"Rome\"}"))),
            new ModelMessage.ToolResult("call_1", ""),
            user("Well?"));

    assertThat(response.text()).isEqualTo("Sunny.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        GEMINI + " | Developer instruction is not enabled for models/gemma-3",
        CLAUDE + " | system role is not supported on this model",
      })
  void instructionsThatAreRefusedStandBeforeTheFirstMessage(String model, String refusal)
      throws InterruptedException {
    provider.reply(Reply.error(400, "x", refusal), says(model, "Sunny."));

    ask(model, new ModelMessage.System("Be brief."), user("How is it?"));

    var sent = provider.lastRequest().body();
    assertThat(
            sent.has("system") || sent.has("systemInstruction") || sent.has("system_instruction"))
        .isFalse();
    assertThat(sent.toString()).contains("Be brief.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "claude-opus-4-8 | thinking.type: adaptive is not supported on this model | thinking",
        "claude-opus-4-8 | output_config: Extra inputs are not permitted | output_config",
        CLAUDE + " | thinking: Extra inputs are not permitted | thinking",
        GEMINI + " | Thinking level is not supported for this model. | thinkingConfig",
        GEMINI + " | Thinking is not enabled for models/gemini-2.0-flash | thinkingConfig",
        GEMINI
            + " | Unknown name \"thinkingConfig\" at 'generation_config': Cannot find field."
            + " | thinkingConfig",
        OLLAMA + " | \"llama3.2\" does not support thinking | think",
      })
  void aWayToThinkThatIsRefusedIsLeftOut(String model, String refusal, String name)
      throws InterruptedException {
    var answer = model.startsWith("claude") ? CLAUDE : model;
    provider.reply(Reply.error(400, "x", refusal), says(answer, "Sunny."));

    assertThat(ask(model, "high", null, user("Hi")).text()).isEqualTo("Sunny.");
    assertThat(provider.requests().getFirst().body().findValue(name)).as(name).isNotNull();
    assertThat(provider.lastRequest().body().findValue(name)).as(name).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        CLAUDE + " | prompt is too long: 208310 tokens > 200000 maximum",
        GEMINI
            + " | The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
        OLLAMA + " | prompt too long; exceeded max context length by 40 tokens",
      })
  void aPromptThatIsTooLongIsToldFromOtherRefusals(String model, String refusal) {
    provider.otherwise(_ -> Reply.error(400, "x", refusal));

    assertThatThrownBy(() -> ask(model, user("word ".repeat(2_000))))
        .isInstanceOf(dev.threadmill.models.ContextWindowException.class);
  }

  @Test
  void theWordsOfAnErrorWithinAnAnswerAreKeptAndTheNextCallSucceeds() throws InterruptedException {
    for (var model : List.of(CLAUDE, GEMINI, OLLAMA)) {
      var whole = says(model, "It ", "is ", "sunny.");
      var error =
          model.equals(OLLAMA)
              ? "{\"error\":\"out of memory\"}\n"
              : "event: error\ndata: {\"type\":\"error\",\"error\":{\"code\":500,\"type\":\"api_error\",\"message\":\"out of memory\"}}\n\n";
      provider.reply(first(whole, model.equals(CLAUDE) ? 3 : 2, error), says(model, "Again."));

      assertThatThrownBy(() -> ask(model, user("Hi"))).hasMessageContaining("out of memory");
      assertThat(ask(model, user("Hi")).text()).isEqualTo("Again.");
    }
  }
}
