package dev.threadmill.models.response;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ReasoningTags;
import dev.threadmill.models.TextToolCalls;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Responses whose time to read grows with their length, not with its square. */
class LongResponsesTest {
  private static final Duration LINEAR = Duration.ofSeconds(10);
  private static final int MANY = 200_000;

  private final StringBuilder seen = new StringBuilder();

  @ParameterizedTest
  @CsvSource({
    "get_weather<|channel|>commentary",
    "get_weather:12",
    "' get_weather '",
    "functions.get_weather:0",
    "get_weather",
  })
  void aNameIsReadWithoutWhatModelsPutAroundIt(String name) {
    assertThat(called(name, "{}").name()).isEqualTo("get_weather");
  }

  @Test
  void aNameOfAnyLengthIsReadInTimeAndCut() {
    var call = assertTimeoutPreemptively(LINEAR, () -> called("x" + " ".repeat(MANY) + "y", "{}"));

    assertThat(call.name()).hasSize(256);
  }

  @Test
  void pointlessPiecesBehindCompleteArgumentsAreReadInTime() {
    var assembler = assembler();
    var arguments = "{\"city\":\"" + "x".repeat(MANY) + "\"}";

    assertTimeoutPreemptively(
        LINEAR,
        () -> {
          assembler.add(0, "call_1", "get_weather", arguments, none());
          for (int i = 0; i < MANY; i++) {
            assembler.add(0, "", "", i % 2 == 0 ? " " : "}", none());
          }
        });
    assembler.add(0, "call_1", "get_weather", "", none());

    assertThat(assembler.finish("p").getFirst().call().arguments())
        .isEqualTo(arguments + "}".repeat(MANY / 2));
  }

  @Test
  void argumentsThatAreSentAgainInFullAreTakenOnce() {
    var assembler = assembler();

    assembler.add(0, "call_1", "get_weather", " {\"a\":", none());
    assembler.add(0, "", "", "1} ", none());
    assembler.add(0, "call_1", "get_weather", "{\"a\":1}", none());

    assertThat(assembler.finish("p")).singleElement();
    assertThat(assembler.finish("p").getFirst().call().arguments()).isEqualTo(" {\"a\":1} ");
  }

  @Test
  void aCallInTextThatArrivesCharacterByCharacterIsReadInTime() {
    var filter =
        new TextToolCallFilter(
            TextToolCalls.HERMES, seen::append, (name, arguments) -> seen.append(name));

    assertTimeoutPreemptively(
        LINEAR,
        () -> {
          filter.accept("<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"a\": \"");
          for (int i = 0; i < MANY; i++) {
            filter.accept("x");
          }
          filter.accept("\"}}</tool_");
          filter.accept("call>");
        });

    assertThat(seen).hasToString("get_weather");
  }

  @Test
  void oneLongPieceWithManyTagsIsReadInTime() {
    var filter =
        new TextToolCallFilter(
            TextToolCalls.HERMES, seen::append, (name, arguments) -> seen.append(name));
    var tags = new ThinkTags(ReasoningTags.AUTO, _ -> {}, filter::accept);

    assertTimeoutPreemptively(
        LINEAR,
        () -> {
          tags.accept("<think>a</think>".repeat(MANY) + "<tool_call>b</tool_call>".repeat(MANY));
          tags.end();
          filter.end();
        });

    assertThat(seen).hasToString("<tool_call>b</tool_call>".repeat(MANY));
  }

  private ModelToolCall called(String name, String arguments) {
    var assembler = assembler();
    assembler.add(0, "call_1", name, arguments, none());
    return assembler.finish("p").getFirst().call();
  }

  private static ToolCallAssembler assembler() {
    return new ToolCallAssembler(Set.of("get_weather"), new ExtraFields.Budget(), _ -> {});
  }

  private static ObjectNode none() {
    return JsonNodeFactory.instance.objectNode();
  }
}
