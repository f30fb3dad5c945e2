package dev.threadmill.models.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.models.ModelRequest;
import java.util.List;
import java.util.Set;

/**
 * Reads how an answer is to be spoken: {@code modalities} or {@code output} with text and audio,
 * and {@code audio} with voice and format.
 */
final class RequestedSpeech {
  private static final String TEXT = "text";
  private static final String AUDIO = "audio";
  private static final String DEFAULT_VOICE = "alloy";
  private static final String DEFAULT_FORMAT = "wav";

  /** The only format that OpenAI streams. */
  private static final String DEFAULT_STREAMED_FORMAT = "pcm16";

  private static final Set<String> FORMATS =
      Set.of("wav", "aac", "mp3", "flac", "opus", DEFAULT_STREAMED_FORMAT);
  private static final int MAX_VOICE = 128;

  private RequestedSpeech() {}

  /** Refuses values that mean nothing, whichever model is asked. */
  static void check(List<String> modalities, List<String> output, JsonNode audio) {
    checkKinds("modalities", modalities);
    checkKinds("output", output);
    var options = new ChatField(AUDIO, audio);
    if (options.isAbsent()) {
      return;
    }
    options.allowOnly("voice", "format");
    if (!includesAudio(modalities) && !includesAudio(output)) {
      throw ApiException.invalid(AUDIO, "Invalid 'audio': it needs \"audio\" among 'modalities'.");
    }
    var voice = options.get("voice");
    if (!voice.isAbsent() && voice.value().isObject()) {
      voice.allowOnly("id");
      Bounds.requiredText("audio.voice.id", voice.get("id").text(), MAX_VOICE);
    } else if (!voice.isAbsent()) {
      Bounds.requiredText("audio.voice", voice.text(), MAX_VOICE);
    }
    var format = options.get("format");
    if (!format.isAbsent() && !FORMATS.contains(format.text())) {
      throw format.invalid("one of 'wav', 'aac', 'mp3', 'flac', 'opus' and 'pcm16'");
    }
  }

  private static void checkKinds(String param, List<String> kinds) {
    if (kinds == null) {
      return;
    }
    for (int i = 0; i < kinds.size(); i++) {
      if (!TEXT.equals(kinds.get(i)) && !AUDIO.equals(kinds.get(i))) {
        var at = "%s[%d]".formatted(param, i);
        throw ApiException.invalid(
            at, "Invalid value for '%s': expected 'text' or 'audio'.".formatted(at));
      }
    }
    if (!kinds.contains(TEXT)) {
      throw ApiException.invalid(
          param, "Invalid '%s': expected [\"text\"] or [\"text\", \"audio\"].".formatted(param));
    }
  }

  static boolean includesAudio(List<String> kinds) {
    return kinds != null && kinds.contains(AUDIO);
  }

  /** How the answer is to be spoken; null for text only. */
  static ModelRequest.Speech of(
      List<String> modalities, List<String> output, JsonNode audio, boolean isStream) {
    if (!includesAudio(modalities) && !includesAudio(output)) {
      return null;
    }
    var options = new ChatField(AUDIO, audio);
    var voice = options.get("voice");
    return new ModelRequest.Speech(
        voice.isAbsent() ? TextNode.valueOf(DEFAULT_VOICE) : voice.value(),
        options.get("format").textOr(isStream ? DEFAULT_STREAMED_FORMAT : DEFAULT_FORMAT),
        isStream);
  }
}
