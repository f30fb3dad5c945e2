package dev.threadmill.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.Json;
import dev.threadmill.egress.ProxyRules;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.models.ModelsSetup;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.testing.RecordingServer;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A scripted server with Presidio's {@code POST /analyze}. */
class RecognizerTest {
  private static final String TEXT = "👋 Please ask Wendolyn about it";

  private final Vertx vertx = Vertx.vertx();
  private final RecordingServer server = RecordingServer.start();
  private final CountDownLatch ended = new CountDownLatch(1);

  private record Settings(Optional<String> url, Duration timeout) implements PrivacyConfig {
    @Override
    public String language() {
      return "en";
    }

    @Override
    public double score() {
      return 0.5;
    }
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private Recognizer recognizer() {
    return new Recognizer(
        new Settings(Optional.of(server.url("") + "/"), Duration.ofSeconds(1)),
        new ProviderTransport(vertx, ModelsSetup.config(Map.of()), ProxyRules.NONE),
        InstantSource.system());
  }

  private static String finding(String type, int start, int end, double score) {
    return "{\"entity_type\": \"%s\", \"start\": %d, \"end\": %d, \"score\": %s, \"analysis_explanation\": null}"
        .formatted(type, start, end, score);
  }

  private List<String> names(String text) {
    return recognizer().names(text).stream()
        .map(name -> text.substring(name.start(), name.end()))
        .collect(Collectors.toList());
  }

  @Test
  void namesAreFoundAtTheOffsetsOfPython() {
    // Python counts the wave as one character.
    server.on("/analyze", RecordingServer.json(200, "[" + finding("PERSON", 13, 21, 0.85) + "]"));

    assertThat(names(TEXT)).containsExactly("Wendolyn");

    var request = Json.tree(server.calls().getFirst().body());
    assertThat(request.path("text").asText()).isEqualTo(TEXT);
    assertThat(request.path("language").asText()).isEqualTo("en");
    assertThat(request.path("entities").get(0).asText()).isEqualTo("PERSON");
    assertThat(request.path("score_threshold").asDouble()).isEqualTo(0.5);
  }

  @Test
  void findingsOfOtherKindsLowScoresAndPlacesOutsideOfTheTextAreNone() {
    server.on(
        "/analyze",
        RecordingServer.json(
            200,
            List.of(
                    finding("LOCATION", 0, 3, 0.9),
                    finding("PERSON", 0, 3, 0.2),
                    finding("PERSON", -4, 3, 0.9),
                    finding("PERSON", 5, 5, 0.9),
                    finding("PERSON", 9, 4, 0.9),
                    finding("PERSON", 5, 5_000, 0.9),
                    "{\"entity_type\": \"PERSON\"}",
                    "7",
                    finding("PERSON", 13, 21, 0.9))
                .toString()));

    assertThat(names(TEXT)).containsExactly("Wendolyn");
  }

  @Test
  void aLongTextIsSearchedInPiecesSoThatNoNameIsCut() {
    var text = "word ".repeat(3_999) + "Wendolyn " + "word ".repeat(2_000);
    server.on(
        "/analyze",
        (exchange, call) -> {
          int at = Json.tree(call.body()).path("text").asText().indexOf("Wendolyn");
          RecordingServer.json(200, at < 0 ? "[]" : "[" + finding("PERSON", at, at + 8, 0.9) + "]")
              .answer(exchange, call);
        });

    assertThat(names(text)).containsOnly("Wendolyn");
    assertThat(server.calls()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"error\": \"no model for this language\"}", "null", "not JSON", "", "[[["})
  void aTextIsRefusedIfTheAnswerIsNoList(String answer) {
    server.on("/analyze", RecordingServer.json(200, answer));

    assertThatThrownBy(() -> names(TEXT)).isInstanceOf(ContentRejectedException.class);
  }

  @Test
  void aTextIsRefusedIfTheServerFails() {
    server.on("/analyze", RecordingServer.json(500, "{\"error\": \"Wendolyn\"}"));

    assertThatThrownBy(() -> names(TEXT))
        .isInstanceOf(ContentRejectedException.class)
        .hasMessageNotContaining("Wendolyn");
  }

  @Test
  void aTextIsRefusedIfTheServerIsTooSlow() {
    server.on(
        "/analyze",
        (exchange, call) -> {
          try {
            var _ = ended.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          RecordingServer.json(200, "[]").answer(exchange, call);
        });

    assertThatThrownBy(() -> names(TEXT)).isInstanceOf(ContentRejectedException.class);
  }

  @Test
  void namesOfFieldsAndIdsAreNotSent() {
    assertThat(names("thread_abc")).isEmpty();
    assertThat(server.calls()).isEmpty();
  }
}
