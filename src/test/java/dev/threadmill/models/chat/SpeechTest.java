package dev.threadmill.models.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers that are spoken: asked of models that can, and passed on whole and in pieces. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class SpeechTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String SPOKEN =
      """
      {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant",
        "content": null, "audio": {"id": "audio_1", "data": "UklGRg==", "expires_at": 1900000000,
        "transcript": "It is sunny."}}}],
       "usage": {"prompt_tokens": 10, "completion_tokens": 40, "total_tokens": 50}}
      """;

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "gpt-4o-audio-preview | \"output\": [\"text\", \"audio\"] | \"alloy\" | wav",
        "gpt-audio | \"modalities\": [\"text\", \"audio\"], \"audio\": {\"voice\": \"ash\", \"format\": \"mp3\"} | \"ash\" | mp3",
        "own-voice | \"modalities\": [\"audio\", \"text\"], \"audio\": {\"voice\": {\"id\": \"v_1\"}} | {\"id\":\"v_1\"} | wav",
      })
  void aWholeAnswerIsSpokenInTheFormatThatIsAskedFor(
      String model, String asked, String voice, String format) {
    provider.reply(Reply.raw("application/json", SPOKEN.getBytes(StandardCharsets.UTF_8)));

    var answer = user.post(PATH, body(model, asked));

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    var sent = provider.lastRequest().body();
    assertThat(sent.path("modalities").toString()).isEqualTo("[\"text\",\"audio\"]");
    assertThat(sent.at("/audio/voice").toString()).isEqualTo(voice);
    assertThat(sent.at("/audio/format").asText()).isEqualTo(format);
    assertThat(sent.path("stream").asBoolean()).isFalse();
    var message = answer.json().at("/choices/0/message");
    assertThat(message.path("content").isNull()).isTrue();
    assertThat(message.path("audio"))
        .isEqualTo(
            Json.tree(
                """
                {"id": "audio_1", "data": "UklGRg==", "expires_at": 1900000000,
                 "transcript": "It is sunny."}
                """));
    assertThat(answer.json().at("/usage/completion_tokens").asInt()).isEqualTo(40);
  }

  @Test
  void aStreamedAnswerIsSpokenInPieces() {
    provider.reply(
        Reply.raw(
            "text/event-stream",
            event("{\"id\": \"audio_1\", \"transcript\": \"It is \"}"),
            event("{\"data\": \"AAAA\"}"),
            event("{\"data\": \"BBBB\", \"transcript\": \"sunny.\"}"),
            event("{\"expires_at\": 1900000000}"),
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
                .getBytes(StandardCharsets.UTF_8)));

    var answer =
        user.post(
            PATH, body("gpt-audio", "\"modalities\": [\"text\", \"audio\"], \"stream\": true"));

    var pieces = pieces(answer.text());
    assertThat(texts(pieces, "data")).containsExactly("AAAA", "BBBB");
    assertThat(texts(pieces, "transcript")).containsExactly("It is ", "sunny.");
    assertThat(texts(pieces, "id")).containsExactly("audio_1");
    assertThat(texts(pieces, "expires_at")).containsExactly("1900000000");
    assertThat(provider.lastRequest().body().at("/audio/format").asText()).isEqualTo("pcm16");
    assertThat(provider.lastRequest().body().path("stream").asBoolean()).isTrue();
  }

  @Test
  void anEarlierSpokenAnswerIsNamedByItsId() {
    provider.reply(Reply.raw("application/json", SPOKEN.getBytes(StandardCharsets.UTF_8)));

    var answer =
        user.post(
            PATH,
            """
            {"model": "gpt-audio", "modalities": ["text", "audio"], "messages": [
              {"role": "user", "content": "Hi"},
              {"role": "assistant", "audio": {"id": "audio_0"}},
              {"role": "user", "content": "And now?"}]}
            """);

    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(provider.lastRequest().body().at("/messages/1/audio/id").asText())
        .isEqualTo("audio_0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "gpt-4o | \"output\": [\"text\", \"audio\"] | output",
        "gpt-4o | \"modalities\": [\"text\", \"audio\"] | modalities",
        "rehearsal | \"modalities\": [\"text\", \"audio\"] | modalities",
        "gpt-audio | \"modalities\": [\"audio\"] | modalities",
        "gpt-audio | \"modalities\": [\"text\", \"smell\"] | modalities[1]",
        "gpt-audio | \"audio\": {\"voice\": \"ash\", \"format\": \"wav\"} | audio",
        "gpt-audio | \"modalities\": [\"text\", \"audio\"], \"audio\": {\"format\": \"midi\"} | audio.format",
        "gpt-audio | \"modalities\": [\"text\", \"audio\"], \"audio\": {\"voice\": 7} | audio.voice",
        "gpt-audio | \"modalities\": [\"text\", \"audio\"], \"audio\": [] | audio",
        "gpt-audio | \"modalities\": [\"text\", \"audio\"], \"audio\": {\"pitch\": 1} | audio.pitch",
      })
  void whatCannotBeSpokenIsA400ThatNamesTheField(String model, String asked, String param) {
    var answer = user.post(PATH, body(model, asked));

    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").asText()).isEqualTo(param);
    assertThat(provider.requests()).isEmpty();
  }

  @Test
  void aModelThatTurnsOutNotToSpeakIsA400InItsWords() {
    provider.reply(Reply.error(400, "invalid_value", "This model does not support audio output."));

    var answer = user.post(PATH, body("own-voice", "\"output\": [\"text\", \"audio\"]"));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asText()).contains("audio output");
  }

  private static String body(String model, String more) {
    return "{\"model\": \"%s\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], %s}"
        .formatted(model, more);
  }

  private static byte[] event(String audio) {
    return "data: {\"choices\":[{\"delta\":{\"audio\":%s}}]}\n\n"
        .formatted(audio)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static List<JsonNode> pieces(String stream) {
    return Arrays.stream(stream.split("\n\n"))
        .map(frame -> frame.substring("data: ".length()))
        .filter(data -> data.startsWith("{"))
        .map(data -> Json.tree(data).at("/choices/0/delta/audio"))
        .filter(JsonNode::isObject)
        .toList();
  }

  private static List<String> texts(List<JsonNode> pieces, String field) {
    return pieces.stream().filter(p -> p.has(field)).map(p -> p.get(field).asText()).toList();
  }
}
