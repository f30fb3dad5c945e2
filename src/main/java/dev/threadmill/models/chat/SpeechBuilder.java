package dev.threadmill.models.chat;

import dev.threadmill.models.ModelDelta;

/** Puts together a spoken answer. */
final class SpeechBuilder {
  private final StringBuilder data = new StringBuilder();
  private final StringBuilder transcript = new StringBuilder();
  private String id;
  private Long expiresAt;

  void add(ModelDelta.Speech piece) {
    id = piece.id() == null ? id : piece.id();
    expiresAt = piece.expiresAt() == null ? expiresAt : piece.expiresAt();
    if (piece.data() != null) {
      data.append(piece.data());
    }
    if (piece.transcript() != null) {
      transcript.append(piece.transcript());
    }
  }

  /** The answer with all its fields; null if nothing was spoken. */
  ChatCompletion.Audio build() {
    return id == null && data.isEmpty() && transcript.isEmpty()
        ? null
        : new ChatCompletion.Audio(
            id == null ? "" : id,
            data.toString(),
            expiresAt == null ? Long.valueOf(0) : expiresAt,
            transcript.toString());
  }
}
