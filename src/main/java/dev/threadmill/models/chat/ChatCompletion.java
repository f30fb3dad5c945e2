package dev.threadmill.models.chat;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.Usage;
import java.util.List;
import java.util.Locale;

/** A completion, and the chunks of a streamed one, on the wire. */
final class ChatCompletion {
  private ChatCompletion() {}

  record Whole(
      String id,
      String object,
      long created,
      String model,
      List<Choice> choices,
      Tokens usage,
      String systemFingerprint) {}

  record Choice(int index, Message message, Object logprobs, String finishReason) {}

  record Message(
      String role,
      String content,
      String refusal,
      @JsonInclude(JsonInclude.Include.NON_NULL) String reasoningContent,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Call> toolCalls,
      List<Annotation> annotations,
      @JsonInclude(JsonInclude.Include.NON_NULL) Audio audio) {}

  /** A page of the web that supports a range of the text. */
  record Annotation(String type, UrlCitation urlCitation) {
    static Annotation of(ModelDelta.Citation citation) {
      return new Annotation(
          "url_citation",
          new UrlCitation(citation.start(), citation.end(), citation.url(), citation.title()));
    }
  }

  record UrlCitation(int startIndex, int endIndex, String url, String title) {}

  /**
   * The spoken answer, or a piece of it.
   *
   * @param data in base64
   * @param expiresAt until when the id can be sent back, in seconds
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Audio(String id, String data, Long expiresAt, String transcript) {}

  record Call(String id, String type, Function function) {}

  record Function(String name, String arguments) {}

  /**
   * A chunk.
   *
   * @param usage left out unless the client asked for it
   */
  record Chunk(
      String id,
      String object,
      long created,
      String model,
      List<ChunkChoice> choices,
      @JsonInclude(JsonInclude.Include.NON_NULL) Tokens usage) {}

  record ChunkChoice(int index, Delta delta, Object logprobs, String finishReason) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Delta(
      String role,
      String content,
      String refusal,
      String reasoningContent,
      List<CallDelta> toolCalls,
      Audio audio,
      List<Annotation> annotations) {
    static final Delta EMPTY = new Delta(null, null, null, null, null);
    static final Delta BEGIN = new Delta("assistant", "", null, null, null);

    Delta(
        String role,
        String content,
        String refusal,
        String reasoningContent,
        List<CallDelta> toolCalls) {
      this(role, content, refusal, reasoningContent, toolCalls, null, null);
    }

    static Delta spoken(Audio piece) {
      return new Delta(null, null, null, null, null, piece, null);
    }

    static Delta cited(ModelDelta.Citation citation) {
      return new Delta(null, null, null, null, null, null, List.of(Annotation.of(citation)));
    }
  }

  @JsonInclude(JsonInclude.Include.NON_NULL)
  record CallDelta(int index, String id, String type, FunctionDelta function) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  record FunctionDelta(String name, String arguments) {}

  record Tokens(
      long promptTokens,
      long completionTokens,
      long totalTokens,
      @JsonInclude(JsonInclude.Include.NON_NULL) Usage.Details completionTokensDetails) {
    static Tokens of(Usage usage) {
      return new Tokens(
          usage.promptTokens(),
          usage.completionTokens(),
          usage.totalTokens(),
          usage.completionTokensDetails());
    }
  }

  static String finishReason(ModelResponse.FinishReason finish) {
    return finish.name().toLowerCase(Locale.ROOT);
  }
}
