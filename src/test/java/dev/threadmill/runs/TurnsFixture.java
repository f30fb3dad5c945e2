package dev.threadmill.runs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.ReplyGate;
import dev.threadmill.testing.SseStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Runs of a model of the test, and the frames of their streams. */
abstract class TurnsFixture {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String FINAL = "{\"visibility\": \"final\"}";

  final ApiClient user = ApiClient.user();
  final ReplyGate gate = new ReplyGate();
  final String model = "m-" + System.identityHashCode(gate);
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @AfterEach
  void letEverythingGo() {
    gate.open();
  }

  List<SseStream.Frame> framesOf(Conversation conversation, String settings) {
    var body = conversation.body().put("stream", true);
    json(settings).properties().forEach(field -> body.set(field.getKey(), field.getValue()));
    return framesOf(user.stream(conversation.path() + "/runs", body.toString()));
  }

  static List<SseStream.Frame> framesOf(SseStream stream) {
    try (stream) {
      return stream.rest();
    }
  }

  /** The last state of the run in the stream. */
  static JsonNode run(List<SseStream.Frame> frames) {
    return frames.get(frames.size() - 2).json();
  }

  /** All pieces of this text, put together for each object. */
  static Map<String, String> textsAt(List<SseStream.Frame> frames, String place) {
    var texts = new HashMap<String, String>();
    for (var frame : frames) {
      if (!frame.isDone() && frame.json().at(place).isTextual()) {
        texts.merge(
            frame.json().path("id").asText(), frame.json().at(place).asText(), String::concat);
      }
    }
    return texts;
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }
}
