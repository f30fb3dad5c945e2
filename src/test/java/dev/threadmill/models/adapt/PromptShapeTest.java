package dev.threadmill.models.adapt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptShapeTest {
  private static final ModelMessage CALL =
      new ModelMessage.Assistant("Look.", List.of(new ModelToolCall("c1", "f", "{}")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "u:Hi | u:Hi",
        "u:Hi, u:Well? | u:Hi+Well?",
        "u:Hi, u: , u:Well? | u:Hi+Well?",
        "u:Hi, a:One, a:Two, u:Well? | u:Hi, a:One+Two, u:Well?",
        "u:Hi, a: , u:Well? | u:Hi+Well?",
        "s:Be brief, u:Hi, s:Be kind, u:Well? | s:Be brief+Be kind, u:Hi+Well?",
        "a:Welcome, u:Hi | s:The assistant began the conversation: Welcome, u:Hi",
        "u:Hi, a:Hello | u:Hi, a:Hello, u:Continue.",
        "u:Hi, a:Hello, u:   | u:Hi, a:Hello, u:(empty message)",
        "u:   | u:(empty message)",
      })
  void rolesAlternateAndNothingIsBlank(String before, String after) {
    assertThat(text(PromptShape.strict(request(messages(before))))).isEqualTo(after);
  }

  @Test
  void aUserBehindResultsIsAnsweredBeforeWhereTheTemplateIsStrict() {
    var messages = List.of(user("Hi"), CALL, new ModelMessage.ToolResult("c1", " "), user("Well?"));

    assertThat(text(PromptShape.strict(request(messages, "f"))))
        .isEqualTo("u:Hi, a:Look.[f], t:(no output), a:(The response was not completed.), u:Well?");
    assertThat(text(PromptShape.withoutBlanks(request(messages, "f"))))
        .isEqualTo("u:Hi, a:Look.[f], t:(no output), u:Well?");
  }

  @Test
  void callsOfToolsThatAreNotOnOfferBecomeText() {
    var messages =
        List.of(user("Hi"), CALL, new ModelMessage.ToolResult("c1", "sunny"), user("Well?"));

    assertThat(text(PromptShape.withoutBlanks(request(messages))))
        .isEqualTo("u:Hi, a:Look.+[Called the tool f with {}], u:[Result: sunny]+Well?");
  }

  @Test
  void aSystemMessageBeginsTheFirstMessageOfTheUser() {
    assertThat(text(PromptShape.withoutSystem(messages("s:Be brief, u:Hi, a:Hello"))))
        .isEqualTo("u:Be brief+Hi, a:Hello");
    assertThat(text(PromptShape.withoutSystem(messages("s:Be brief, a:Hello"))))
        .isEqualTo("u:Be brief, a:Hello");
  }

  @Test
  void shortIdsAreNineLettersAndDigitsAndTheSameEachTime() {
    var ids = CallIds.of(List.of(CALL), _ -> false, true);

    assertThat(ids.of("c1")).matches("[A-Za-z0-9]{9}").isEqualTo(ids.of("c1"));
    assertThat(ids.of("c1")).isNotEqualTo(ids.of("c2"));
    assertThat(CallIds.of(List.of(CALL), _ -> false, false).of("c1")).isEqualTo("c1");
  }

  private static List<ModelMessage> messages(String text) {
    return Stream.of(text.split(", ?"))
        .map(
            each -> {
              var content = each.substring(2);
              return switch (each.charAt(0)) {
                case 's' -> new ModelMessage.System(content);
                case 'a' -> new ModelMessage.Assistant(content, List.of());
                default -> user(content);
              };
            })
        .toList();
  }

  private static ModelMessage user(String text) {
    return new ModelMessage.User(List.of(new ModelPart.Text(text)));
  }

  private static String text(List<ModelMessage> messages) {
    return messages.stream()
        .map(
            message ->
                switch (message) {
                  case ModelMessage.System(var text) -> "s:" + text;
                  case ModelMessage.User(var parts) ->
                      "u:"
                          + parts.stream()
                              .map(part -> ((ModelPart.Text) part).text())
                              .collect(Collectors.joining("|"));
                  case ModelMessage.Assistant(var text, var calls, _) ->
                      "a:" + text + (calls.isEmpty() ? "" : "[" + calls.getFirst().name() + "]");
                  case ModelMessage.ToolResult(_, var text) -> "t:" + text;
                })
        .collect(Collectors.joining(", "))
        .replace("\n\n", "+");
  }

  private static ModelRequest request(List<ModelMessage> messages, String... functions) {
    return ModelRequest.of(
        "m",
        messages,
        Stream.of(functions).map(name -> new FunctionSpec(name, null, null, null)).toList());
  }
}
