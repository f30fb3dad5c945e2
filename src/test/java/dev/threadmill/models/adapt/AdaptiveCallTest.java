package dev.threadmill.models.adapt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ProviderError;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.Usage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdaptiveCallTest {
  private static final ModelRequest REQUEST =
      ModelRequest.of(
          "see-1",
          List.of(
              new ModelMessage.User(
                  List.of(new ModelPart.Image("data:image/png;base64,AA", null)))),
          List.of());

  private final LearnedFacts learned = new LearnedFacts();
  private final AdaptiveCall call =
      new AdaptiveCall(
          learned,
          "provider",
          "see-1",
          new ModelInfo("see-1", "provider", 8_000, 1_000, true, true, false, false));

  @Test
  void thatImagesAreRefusedIsRememberedOnceTheRequestIsTakenWithoutThem() throws Exception {
    var attempts = new ArrayList<Boolean>();

    call.run(
        REQUEST,
        _ -> {},
        (facts, _, sent, _) -> {
          boolean hasImages = facts.supports(ModelFacts.IMAGES);
          attempts.add(hasImages);
          if (hasImages) {
            sent.add(ModelFacts.IMAGES);
            throw refusal(false);
          }
          return response();
        });

    assertThat(attempts).containsExactly(true, false);
    assertThat(facts().supports(ModelFacts.IMAGES)).isFalse();
  }

  @Test
  void aRefusalThatAlsoComesWithoutImagesTeachesNothingAboutThem() {
    var attempts = new ArrayList<Boolean>();

    assertThatThrownBy(
            () ->
                call.run(
                    REQUEST,
                    _ -> {},
                    (facts, _, sent, _) -> {
                      boolean hasImages = facts.supports(ModelFacts.IMAGES);
                      attempts.add(hasImages);
                      if (hasImages) {
                        sent.add(ModelFacts.IMAGES);
                      }
                      throw refusal(false);
                    }))
        .isInstanceOf(ProviderException.class);

    assertThat(attempts).containsExactly(true, false);
    assertThat(facts()).isEqualTo(ModelFacts.NONE);
  }

  @Test
  void aFailureThatMayPassIsNotAnsweredByLeavingImagesOut() {
    assertThatThrownBy(
            () ->
                call.run(
                    REQUEST,
                    _ -> {},
                    (_, _, sent, _) -> {
                      sent.add(ModelFacts.IMAGES);
                      throw refusal(true);
                    }))
        .isInstanceOf(ProviderException.class);

    assertThat(facts()).isEqualTo(ModelFacts.NONE);
  }

  private ModelFacts facts() {
    return learned.of("provider", "see-1");
  }

  private static ProviderException refusal(boolean mayPass) {
    var error = new ProviderError(400, "This model does not support image input", "", "", "");
    var kind = ModelException.Kind.INVALID_PROMPT;
    var exception =
        mayPass
            ? ProviderException.retryable(kind, error.message(), new RuntimeException())
            : ProviderException.permanent(kind, error.message());
    return exception.with(error);
  }

  private static ModelResponse response() {
    return new ModelResponse(
        "A cat.", null, null, List.of(), null, ModelResponse.FinishReason.STOP, Usage.NONE);
  }
}
