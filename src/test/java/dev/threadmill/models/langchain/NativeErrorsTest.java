package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.testing.Reply;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors and refusals of Claude, Gemini and Ollama, in the forms and words they come in. */
class NativeErrorsTest extends LangChainModelFixture {
  private static final String PAGE = "<html><head><title>Sign in</title></head></html>";

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
