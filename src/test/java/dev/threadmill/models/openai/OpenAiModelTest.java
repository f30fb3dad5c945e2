package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.Usage;
import dev.threadmill.testing.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of answers. */
class OpenAiModelTest extends OpenAiModelFixture {
  @Test
  void streamsAPlainAnswer() throws InterruptedException {
    provider.reply(Reply.text("Hello big world"));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("Hello big world");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.STOP);
    assertThat(answer.usage()).isEqualTo(new Usage(10, 3));
    assertThat(deltas)
        .containsExactly(
            new ModelDelta.Text("Hello "),
            new ModelDelta.Text("big "),
            new ModelDelta.Text("world"));
  }

  @Test
  void gathersParallelToolCallsFromFragments() throws InterruptedException {
    provider.reply(
        Reply.calls(
            new Reply.Call("call_a", "weather", "{\"city\":\"Rome\"}"),
            new Reply.Call("call_b", "time", "{\"zone\":\"CET\"}")));

    var answer = ask("Hi");

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls())
        .containsExactly(
            new ModelToolCall("call_a", "weather", "{\"city\":\"Rome\"}"),
            new ModelToolCall("call_b", "time", "{\"zone\":\"CET\"}"));
    assertThat(foldedArguments(1)).isEqualTo("{\"zone\":\"CET\"}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // without index
        """
        {"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{\\"x\\""}}]}
        {"tool_calls":[{"function":{"arguments":":1}"}}]}
        """,
        // the same index for all, distinguished by id
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\\"x\\":1}"}}]}
        """,
        // numbers that begin at one and leave gaps, no ids
        """
        {"tool_calls":[{"index":1,"function":{"name":"f","arguments":""}}]}
        {"tool_calls":[{"index":3,"function":{"name":"g","arguments":"{\\"x\\":"}}]}
        {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}
        {"tool_calls":[{"index":3,"function":{"arguments":"1}"}}]}
        """,
        // the beginning twice, and arguments as an object
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}
        {"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":{"x":1}}}]}
        """,
        // another id with each piece
        """
        {"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}
        {"tool_calls":[{"index":0,"id":"a2","function":{"name":null,"arguments":"}"}}]}
        {"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\\"x\\":1}"}}]}
        """,
      })
  void understandsTheDialectsOfToolCalls(String dialect) throws InterruptedException {
    var steps = new ArrayList<byte[]>();
    dialect
        .lines()
        .forEach(delta -> steps.add(chunk("{\"index\":0,\"delta\":" + delta.strip() + "}")));
    steps.add(chunk("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}"));
    provider.reply(Reply.raw("text/event-stream", steps.toArray(byte[][]::new)));

    var answer = ask("Hi");

    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.TOOL_CALLS);
    assertThat(answer.toolCalls()).extracting(ModelToolCall::name).containsExactly("f", "g");
    assertThat(answer.toolCalls())
        .extracting(ModelToolCall::arguments)
        .containsExactly("{}", "{\"x\":1}");
    assertThat(foldedArguments(0)).isEqualTo("{}");
    assertThat(foldedArguments(1)).isEqualTo("{\"x\":1}");
  }

  @Test
  void readsReasoningRefusalsAndForeignParts() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"reasoning_content\":\"think \"}}"),
            chunk("{\"delta\":{\"reasoning\":\"more\"}}"),
            chunk("{\"delta\":{\"refusal\":\"no\"}}"),
            chunk("{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"part\"}]}}"),
            chunk("{\"delta\":{},\"finish_reason\":\"content_filter\"}")));

    var answer = ask("Hi");

    assertThat(answer.reasoning()).isEqualTo("think more");
    assertThat(answer.refusal()).isEqualTo("no");
    assertThat(answer.text()).isEqualTo("part");
    assertThat(answer.finishReason()).isEqualTo(ModelResponse.FinishReason.CONTENT_FILTER);
  }

  @Test
  void bytesMayBeSplitInsideOfACharacter() throws InterruptedException {
    var whole =
        new String(
                chunk("{\"delta\":{\"content\":\"漢😀\"},\"finish_reason\":\"stop\"}"),
                StandardCharsets.UTF_8)
            .replace("\n", "\r\n")
            .getBytes(StandardCharsets.UTF_8);
    var single = new byte[whole.length][];
    for (int i = 0; i < whole.length; i++) {
      single[i] = new byte[] {whole[i]};
    }
    provider.reply(Reply.raw("text/event-stream", single));

    assertThat(ask("Hi").text()).isEqualTo("漢😀");
  }

  @Test
  void whatCannotBeStoredIsReplacedAndPairsInTwoPiecesAreJoined() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"content\":\"a\\u0000b\\ud83d\"}}"),
            chunk("{\"delta\":{\"content\":\"\\ude00c\\ude00\"}}"),
            chunk("{\"delta\":{\"content\":\"\\ud83d\"},\"finish_reason\":\"stop\"}")));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("a\uFFFDb😀c\uFFFD\uFFFD");
    var folded = new StringBuilder();
    deltas.forEach(delta -> folded.append(((ModelDelta.Text) delta).text()));
    assertThat(folded.toString()).isEqualTo(answer.text());
  }

  @Test
  void aModelThatCallsToolsWithoutEndFails() {
    var chunks = new byte[1_100][];
    for (int i = 0; i < chunks.length; i++) {
      chunks[i] =
          chunk(
              "{\"delta\":{\"tool_calls\":[{\"index\":%d,\"function\":{\"name\":\"f\"}}]}}"
                  .formatted(i));
    }
    provider.reply(Reply.raw("text/event-stream", chunks));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED)).hasMessageContaining("too many");
  }

  @Test
  void anAnswerWithoutUsageIsCountedByUs() throws InterruptedException {
    provider.reply(Reply.text("Hello world").without(Reply.Step.Usage.class));

    var usage = ask("Hi").usage();

    assertThat(usage.promptTokens()).isPositive();
    assertThat(usage.completionTokens()).isEqualTo(2);
  }

  @Test
  void theLineDoneMayBeMissing() throws InterruptedException {
    provider.reply(Reply.text("Hello").without(Reply.Step.Done.class));

    assertThat(ask("Hi").text()).isEqualTo("Hello");
  }

  @Test
  void aWholeAnswerIsTakenWhereAStreamWasAskedFor() throws InterruptedException {
    provider.reply(
        Reply.raw(
            "application/json",
            """
            {"choices":[{"index":0,"message":{"role":"assistant","content":"All at once"},
             "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":3}}
            """
                .getBytes(StandardCharsets.UTF_8)));

    var answer = ask("Hi");

    assertThat(answer.text()).isEqualTo("All at once");
    assertThat(answer.usage()).isEqualTo(new Usage(1, 3));
  }

  @Test
  void anEventThatIsRepeatedWithItsIdCountsOnce() throws InterruptedException {
    var chunk =
        "id: 5\n" + new String(chunk("{\"delta\":{\"content\":\"once\"}}"), StandardCharsets.UTF_8);
    provider.reply(
        Reply.raw(
            "text/event-stream",
            (chunk + chunk).getBytes(StandardCharsets.UTF_8),
            ("id: 6\n"
                    + new String(
                        chunk("{\"delta\":{},\"finish_reason\":\"stop\"}"), StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8)));

    assertThat(ask("Hi").text()).isEqualTo("once");
  }
}
