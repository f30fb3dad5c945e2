package dev.threadmill.models.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentGate;
import dev.threadmill.guard.ContentSource;
import dev.threadmill.guard.FilteredAnswer;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.telemetry.tracing.Tracing;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a call ends that has no answer. */
@Timeout(30)
class ChatCompletionCallTest {
  private static final ContentSource SOURCE =
      ContentSource.model(new ProjectId("proj_" + "a".repeat(24)), null, null);

  /** A model with a fault that no code expects. */
  private static final class BrokenModel implements LanguageModel {
    @Override
    public ModelInfo info() {
      return new ModelInfo("broken", "test", 1_000, 100, true, false, false, false);
    }

    @Override
    public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas) {
      throw new NoClassDefFoundError("a class");
    }
  }

  private final AtomicInteger closed = new AtomicInteger();

  private ChatCompletionCall call(boolean stream) {
    var request =
        Json.read(
            "{\"model\": \"broken\", \"stream\": %b, \"messages\": [{\"role\": \"user\", \"content\": \"Go\"}]}"
                .formatted(stream),
            ChatCompletionRequest.class);
    return new ChatCompletionCall(
        request,
        new RequestParts.Loaded(request.toModelRequest(), closed::incrementAndGet),
        passed -> new FilteredAnswer(new ContentGate(List.of()), SOURCE, passed),
        new Ids(InstantSource.system()),
        0);
  }

  @Test
  void aCallWhoseClientHasGoneBeforeItStartsIsNotMade() {
    var call = call(false);

    call.cancel();
    call.start(new BrokenModel(), Tracing.OFF);

    assertThatThrownBy(call::awaitWhole)
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("cancelled");
    assertThat(closed).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anErrorOfTheServerEndsTheWait(boolean stream) {
    var call = call(stream);

    call.start(new BrokenModel(), Tracing.OFF);

    assertThatThrownBy(() -> await(call, stream))
        .isInstanceOf(IllegalStateException.class)
        .hasCauseInstanceOf(NoClassDefFoundError.class);
    // The thread of the call ends with the error as well.
    Awaitility.await()
        .dontCatchUncaughtExceptions()
        .untilAsserted(() -> assertThat(closed).hasValue(1));
  }

  private static void await(ChatCompletionCall call, boolean stream) throws InterruptedException {
    if (stream) {
      call.awaitStart();
    } else {
      call.awaitWhole();
    }
  }
}
