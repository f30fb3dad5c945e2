package dev.threadmill.models.langchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.threadmill.models.ModelException;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ReplyGate;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Failures of providers that LangChain4j calls: refusals, broken streams, hangs and interrupts. */
class LangChainFailuresTest extends LangChainModelFixture {
  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aPassingFaultIsTriedAgain(String model) throws InterruptedException {
    provider.reply(
        Reply.error(529, "overloaded", "Busy."),
        Reply.error(429, "busy", "Busy.").withHeader("retry-after", "0"),
        says(model, "At last"));

    assertThat(ask(model, user("Hi")).text()).isEqualTo("At last");
    assertThat(provider.requests()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aBadRequestAnUnknownModelAndARefusedKeyAreToldApart(String model) {
    provider.reply(
        Reply.error(400, "x", "Too long."),
        Reply.error(404, "x", "No."),
        Reply.error(401, "x", "Bad key."));

    assertThat(assertFails(model, ModelException.Kind.INVALID_PROMPT)).hasMessage("Too long.");
    assertFails(model, ModelException.Kind.UNKNOWN_MODEL);
    assertThat(assertFails(model, ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("_API_KEY");
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aStreamThatBreaksInTheMiddleFails(String model) {
    provider.reply(says(model, "Hello ", "world").cutAfter(model.equals(CLAUDE) ? 3 : 1));

    assertFails(model, ModelException.Kind.PROVIDER_FAILED);
    assertThat(deltas).hasSize(1);
    assertThat(provider.requests()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void garbageFails(String model) {
    provider.otherwise(
        _ -> Reply.raw("text/event-stream", "data: {garbage\n\n".getBytes(StandardCharsets.UTF_8)));

    assertFails(model, ModelException.Kind.PROVIDER_FAILED);
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void aProviderThatHangsFailsAfterTheTimeLimitAndIsHungUpOn(String model) {
    setup.close();
    setup = setup(Map.of("next-byte-timeout", "200ms"));
    provider.reply(Reply.hang());

    assertThat(assertFails(model, ModelException.Kind.PROVIDER_FAILED))
        .hasMessageContaining("0.2 seconds");
    await().until(() -> provider.lastRequest().hungUp());
  }

  @ParameterizedTest
  @ValueSource(strings = {CLAUDE, GEMINI, OLLAMA})
  void anInterruptHangsUpOnTheProvider(String model) throws Exception {
    var gate = new ReplyGate();
    provider.reply(says(model, "Hello ", "world").withGate(gate));
    var interrupted = new CompletableFuture<Boolean>();
    var caller =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    ask(model, user("Hi"));
                    interrupted.complete(false);
                  } catch (InterruptedException _) {
                    interrupted.complete(true);
                  } catch (RuntimeException e) {
                    interrupted.completeExceptionally(e);
                  }
                });
    gate.release(model.equals(CLAUDE) ? 3 : 1);
    await().until(() -> deltas.size() == 1);

    caller.interrupt();

    assertThat(interrupted.get()).isTrue();
    await().until(() -> provider.lastRequest().hungUp());
  }

  @Test
  void whatTheListenerThrowsEndsTheCallAndComesOut() {
    provider.reply(says(OLLAMA, "Hello ", "world"));

    assertThatThrownBy(
            () ->
                setup
                    .models()
                    .require(OLLAMA)
                    .answer(
                        request(OLLAMA, List.of(user("Hi"))),
                        _ -> {
                          throw new IllegalStateException("of the listener");
                        }))
        .hasMessage("of the listener");
  }

  private ModelException assertFails(String model, ModelException.Kind kind) {
    var failure = new ModelException[1];
    assertThatThrownBy(() -> ask(model, user("Hi")))
        .isInstanceOfSatisfying(ModelException.class, e -> failure[0] = e);
    assertThat(failure[0].kind()).isEqualTo(kind);
    return failure[0];
  }
}
