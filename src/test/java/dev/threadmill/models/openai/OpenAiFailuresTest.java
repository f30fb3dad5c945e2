package dev.threadmill.models.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.threadmill.models.ModelException;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that fail, hang, or hold their connections. */
class OpenAiFailuresTest extends OpenAiModelFixture {
  @ParameterizedTest
  @ValueSource(ints = {408, 409, 429, 500, 503, 529})
  void aPassingFaultIsTriedAgain(int status) throws InterruptedException {
    provider.reply(Reply.error(status, "busy", "Busy."), Reply.text("At last"));

    assertThat(ask("Hi").text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(2);
  }

  @Test
  void theProviderMaySayWhenToTryAgain() throws InterruptedException {
    setup.close();
    setup = setup(Map.of("first-backoff", "20s", "longest-backoff", "30s"));
    var now = ZonedDateTime.now(ZoneOffset.UTC);
    provider.reply(
        Reply.error(429, "x", "x").withHeader("retry-after", "0"),
        Reply.error(429, "x", "x").withHeader("retry-after-ms", "5"),
        Reply.error(429, "x", "x")
            .withHeader("retry-after", DateTimeFormatter.RFC_1123_DATE_TIME.format(now)),
        Reply.text("At last"));

    // With the back-off of 20 s it would take minutes.
    assertThat(ask("Hi").text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(4);
  }

  @Test
  void aProviderThatAsksForTooLongAWaitIsNotTriedAgain() {
    provider.reply(Reply.error(429, "x", "x").withHeader("retry-after", "3600"));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aLimitThatLastsEndsAsRateLimited() {
    provider.otherwise(_ -> Reply.error(429, "rate_limit_exceeded", "Slow down."));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(4);
  }

  @Test
  void aQuotaThatIsUsedUpIsNotTriedAgain() {
    provider.reply(Reply.error(429, "insufficient_quota", "Pay."));

    assertFails(ModelException.Kind.RATE_LIMITED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void theProviderMayForbidARetry() {
    provider.reply(Reply.error(500, "x", "x").withHeader("x-should-retry", "false"));

    assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aBadRequestIsTheCallersAndKeepsNoSecret() {
    provider.reply(
        Reply.error(400, "x", "Too long. Key sk-test-secret at http://10.0.0.1/x is fine."));

    var failure = assertFails(ModelException.Kind.INVALID_PROMPT);
    assertThat(failure).hasMessage("Too long. Key [key] at [address] is fine.");
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aRefusedKeyNamesTheSettingAndNotTheKey() {
    provider.reply(Reply.error(401, "invalid_api_key", "Incorrect API key: sk-test-secret"));

    var failure = assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(failure).hasMessageContaining("OPENAI_API_KEY").hasMessageNotContaining("secret");
  }

  @Test
  void aModelThatTheProviderDoesNotHaveIsUnknown() {
    provider.reply(Reply.error(404, "model_not_found", "No such model."));

    assertFails(ModelException.Kind.UNKNOWN_MODEL);
  }

  @Test
  void aStreamThatBreaksBeforeTheFirstDeltaIsTriedAgain() throws InterruptedException {
    provider.reply(Reply.text("x").cutAfter(1), Reply.text("Whole"));

    assertThat(ask("Hi").text()).isEqualTo("Whole");
  }

  @Test
  void aStreamThatBreaksInTheMiddleFailsWithoutARetry() {
    provider.reply(Reply.text("one two three").cutAfter(3));

    assertFails(ModelException.Kind.PROVIDER_FAILED);
    assertThat(deltas).hasSize(2);
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aStreamThatEndsWithoutAReasonFails() {
    provider.reply(
        Reply.text("one two").without(Reply.Step.Finish.class).without(Reply.Step.Done.class));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("in the middle");
  }

  @Test
  void theLineDoneEndsAnAnswerWithoutAReason() throws InterruptedException {
    provider.reply(Reply.text("one two").without(Reply.Step.Finish.class));

    assertThat(ask("Hi").text()).isEqualTo("one two");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {not json\n\n",
        "data: 42\n\n",
        "data:"
            + " {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]},\"finish_reason\":\"stop\"}]}\n\n",
      })
  void garbageFails(String garbage) {
    provider.reply(Reply.raw("text/event-stream", garbage.getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("cannot be read");
    assertThat(provider.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/html", "application/json"})
  void aPageInPlaceOfAnAnswerFails(String type) {
    provider.reply(Reply.raw(type, "<html>Login</html>".getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("cannot be read");
  }

  @Test
  void anErrorInTheStreamFails() {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            chunk("{\"delta\":{\"content\":\"x\"}}"),
            "data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\"}}\n\n"
                .getBytes(StandardCharsets.UTF_8)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("reported an error");
  }

  @Test
  void aProviderThatHangsFailsAfterTheTimeLimitAndIsHungUpOn() {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.hang());

    var failure = assertFails(ModelException.Kind.PROVIDER_FAILED);

    assertThat(failure).hasMessageContaining("0.2 seconds");
    assertThat(provider.requests()).hasSize(1);
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aProviderThatHangsInTheMiddleFailsAfterTheTimeLimit() {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.text("one two three").hangAfter(2));

    assertFails(ModelException.Kind.PROVIDER_FAILED);

    assertThat(deltas).hasSize(1);
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aProviderThatHangsAfterTheWholeAnswerHasAnswered() throws InterruptedException {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(
        Reply.text("Hello")
            .without(Reply.Step.Done.class)
            .without(Reply.Step.Usage.class)
            .hangAfter(3));

    assertThat(ask("Hi").text()).isEqualTo("Hello");
  }

  @Test
  void anInterruptHangsUpOnTheProvider() throws Exception {
    var gate = new ReplyGate();
    provider.reply(Reply.text("one two three").withGate(gate));
    var interrupted = new CompletableFuture<Boolean>();
    var caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    ask("Hi");
                    interrupted.complete(false);
                  } catch (InterruptedException _) {
                    interrupted.complete(true);
                  } catch (RuntimeException e) {
                    interrupted.completeExceptionally(e);
                  }
                });
    gate.release(2);
    await().until(() -> deltas.size() == 1);

    caller.interrupt();

    assertThat(interrupted.get()).isTrue();
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void aServerThatIsNotThereFailsAfterRetries() {
    provider.close();

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("connection")
        .hasMessageNotContaining("127.0.0.1");
  }

  @Test
  void anAnswerLongerThanAllowedFails() {
    setup.close();
    setup = setup(Map.of("longest-answer", "2000"));
    provider.reply(Reply.text("word ".repeat(500)));

    assertThat(assertFails(ModelException.Kind.PROVIDER_FAILED)).hasMessageContaining("longer");
    await().until(() -> provider.lastRequest().hungUp() || provider.lastRequest().answered());
  }

  @Test
  void aReaderThatIsSlowHoldsTheProviderBack() throws Exception {
    var large = "x".repeat(20_000);
    var chunks = new ArrayList<byte[]>();
    for (int i = 0; i < 2_000; i++) {
      chunks.add(chunk("{\"delta\":{\"content\":\"" + large + "\"}}"));
    }
    chunks.add(chunk("{\"delta\":{},\"finish_reason\":\"stop\"}"));
    setup.close();
    setup = setup(Map.of("longest-answer", "500000000"));
    provider.reply(Reply.raw("text/event-stream", chunks.toArray(byte[][]::new)));
    var first = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var length = new CompletableFuture<Integer>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                var answer =
                    model("gpt-4o")
                        .answer(
                            request("Hi"),
                            _ -> {
                              first.countDown();
                              awaitUninterruptibly(goOn);
                            });
                length.complete(answer.text().length());
              } catch (Exception e) {
                length.completeExceptionally(e);
              }
            });

    first.await();
    await().during(Duration.ofMillis(500)).until(() -> !provider.lastRequest().answered());
    goOn.countDown();

    assertThat(length.get()).isEqualTo(2_000 * 20_000);
  }

  @Test
  void aThousandStreamsRunAtATimeOverOneClient() throws Exception {
    var gate = new ReplyGate();
    provider.otherwise(_ -> Reply.text("one two three").withGate(gate));
    var answers = new ArrayList<CompletableFuture<String>>();
    for (int i = 0; i < 1_000; i++) {
      var answer = new CompletableFuture<String>();
      answers.add(answer);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  answer.complete(ask("Hi").text());
                } catch (Exception e) {
                  answer.completeExceptionally(e);
                }
              });
    }
    await().until(() -> gate.waiting() == 1_000);

    gate.open();

    for (var answer : answers) {
      assertThat(answer.get()).isEqualTo("one two three");
    }
  }

  @Test
  void connectionsAreUsedAgain() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      ask("Hi");
    }

    var ports = new HashMap<String, Integer>();
    provider.requests().forEach(r -> ports.merge(r.remote(), 1, Integer::sum));
    assertThat(ports).hasSizeLessThan(4);
  }
}
