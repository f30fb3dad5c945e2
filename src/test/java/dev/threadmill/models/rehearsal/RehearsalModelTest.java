package dev.threadmill.models.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RehearsalModelTest {
  private static final FunctionSpec WEATHER =
      new FunctionSpec(
          "get_weather",
          "Get weather",
          Json.tree(
              """
              {"type": "object", "required": ["city", "days", "unit"], "properties": {
                "city": {"type": "string"}, "days": {"type": "integer", "minimum": 3},
                "unit": {"enum": ["c", "f"]}, "other": {"type": "string"}}}
              """),
          null);

  private final List<ModelDelta> deltas = new ArrayList<>();
  private final RehearsalModel model = RehearsalModel.standInFor("gpt-4o");

  @Test
  void saysWhatItIsAndWhatTheUserSaid() throws InterruptedException {
    var answer = model.answer(request("Hello there"), deltas::add);

    assertThat(answer.text())
        .startsWith("I am the rehearsal model: no provider is configured")
        .contains("You said (2 words): Hello there");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.STOP);
    assertThat(answer.usage().promptTokens()).isPositive();
    assertThat(answer.usage().completionTokens()).isEqualTo(TokenCounter.count(answer.text()));
  }

  @Test
  void theDeltasAreWordsThatMakeUpTheAnswer() throws InterruptedException {
    var answer = model.answer(request("/say  One two\nthree "), deltas::add);

    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("One "),
            new ModelDelta.Text("two\n"),
            new ModelDelta.Text("three "));
    assertThat(answer.text()).isEqualTo("One two\nthree ");
  }

  @Test
  void callsTheToolsThatTheUserNamesWithTheArgumentsGivenOrMadeUp() throws InterruptedException {
    var answer =
        model.answer(
            request(
                "Please call get_weather {\"city\": \"then {x}\"} and use the tool get_weather."),
            deltas::add);

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls())
        .extracting(ModelToolCall::arguments)
        .containsExactly(
            "{\"city\": \"then {x}\"}", "{\"city\":\"example\",\"days\":3,\"unit\":\"c\"}");
    assertThat(deltas).first().isEqualTo(new ModelDelta.ToolCallStarted(0, "get_weather"));
  }

  @Test
  void aWordThatNamesNoToolIsNoCall() throws InterruptedException {
    var answer = model.answer(request("Call me later, and use the phone"), deltas::add);

    assertThat(answer.toolCalls()).isEmpty();
  }

  @Test
  void callsAfterThenComeInTheNextTurnAndResultsAreReported() throws InterruptedException {
    var prompt = user("call get_weather {} then call get_weather {\"days\": 9}");
    var first = model.answer(request(List.of(prompt), ToolChoice.AUTO), deltas::add);
    var history = new ArrayList<ModelMessage>(List.of(prompt));
    history.add(new ModelMessage.Assistant(null, first.toolCalls()));
    history.add(new ModelMessage.ToolResult(first.toolCalls().getFirst().id(), "sunny"));

    var second = model.answer(request(history, ToolChoice.AUTO), deltas::add);
    history.add(new ModelMessage.Assistant(null, second.toolCalls()));
    history.add(new ModelMessage.ToolResult(second.toolCalls().getFirst().id(), "rainy"));
    var last = model.answer(request(history, ToolChoice.AUTO), deltas::add);

    assertThat(first.toolCalls()).extracting(ModelToolCall::arguments).containsExactly("{}");
    assertThat(second.toolCalls())
        .extracting(ModelToolCall::arguments)
        .containsExactly("{\"days\": 9}");
    assertThat(last.toolCalls()).isEmpty();
    assertThat(last.text())
        .contains("The tool get_weather answered: sunny", "The tool get_weather answered: rainy");
  }

  @Test
  void theChoiceOfToolsIsObeyed() throws InterruptedException {
    var must = model.answer(request(List.of(user("Hi")), ToolChoice.REQUIRED), deltas::add);
    var named =
        model.answer(
            request(List.of(user("Hi")), new ToolChoice.Function("get_weather")), deltas::add);
    var none =
        model.answer(request(List.of(user("call get_weather")), ToolChoice.NONE), deltas::add);

    assertThat(must.toolCalls()).hasSize(1);
    assertThat(named.toolCalls()).hasSize(1);
    assertThat(none.toolCalls()).isEmpty();
  }

  @Test
  void stopsAtTheBoundOfTokens() throws InterruptedException {
    var answer = model.answer(request("/long 100", 10, ResponseFormat.AUTO), deltas::add);

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.LENGTH);
    assertThat(answer.usage().completionTokens()).isPositive().isLessThanOrEqualTo(10);
  }

  @Test
  void answersJsonThatFitsTheSchema() throws InterruptedException {
    var format =
        new ResponseFormat.JsonSchema(
            Json.tree(
                """
                {"name": "list", "schema": {"type": "object", "required": ["items"],
                  "properties": {"items": {"type": "array", "minItems": 2, "items": {
                    "anyOf": [{"$ref": "#/$defs/x"}, {"type": "boolean"}]}}}}}
                """));

    var answer = model.answer(request("Hi", null, format), deltas::add);

    assertThat(answer.text()).isEqualTo("{\"items\":[true,true]}");
  }

  @Test
  void aSchemaThatExplodesIsSampledInBoundedTime() {
    var schema =
        Json.tree(
            """
            {"type": "array", "minItems": 16, "items": {"$ref": "#"}}
            """);

    assertThat(SchemaSample.of(schema, "").toString().length()).isLessThan(20_000);
  }

  @Test
  void failsWhenToldToAfterTheWordsThatWereAskedFor() {
    assertThatThrownBy(() -> model.answer(request("/fail rate_limited"), deltas::add))
        .isInstanceOfSatisfying(
            ModelException.class,
            e -> assertThat(e.kind()).isEqualTo(ModelException.Kind.RATE_LIMITED));
    assertThat(deltas).isEmpty();

    assertThatThrownBy(() -> model.answer(request("/fail 3"), deltas::add))
        .isInstanceOf(ModelException.class);
    assertThat(deltas).hasSize(3);
  }

  @Test
  void anInterruptEndsASlowAnswer() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> model.answer(request("/slow 60000"), deltas::add))
        .isInstanceOf(InterruptedException.class);
  }

  private static ModelMessage user(String text) {
    return new ModelMessage.User(List.of(new ModelPart.Text(text)));
  }

  private static ModelRequest request(String text) {
    return request(text, null, ResponseFormat.AUTO);
  }

  private static ModelRequest request(List<ModelMessage> messages, ToolChoice choice) {
    return new ModelRequest(
        "gpt-4o",
        messages,
        List.of(WEATHER),
        choice,
        true,
        ResponseFormat.AUTO,
        ModelRequest.Options.DEFAULTS);
  }

  private static ModelRequest request(String text, Integer most, ResponseFormat format) {
    return new ModelRequest(
        "gpt-4o",
        List.of(user(text)),
        List.of(WEATHER),
        ToolChoice.AUTO,
        true,
        format,
        new ModelRequest.Options(null, null, most, null));
  }
}
