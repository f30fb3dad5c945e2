package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.StorableText;

/**
 * The body of {@code POST /v1/embeddings}.
 *
 * @param dimensions the length of the vectors; null for the model's own
 * @param user whom usage is counted for
 */
public record EmbeddingsRequest(
    String model,
    EmbeddingInputs input,
    EncodingFormat encodingFormat,
    Integer dimensions,
    String user) {
  private static final int MAX_NAME = 256;
  private static final int MAX_DIMENSIONS = 16_384;

  /** How vectors are written. */
  public enum EncodingFormat {
    /** An array of numbers. */
    @JsonProperty("float")
    FLOAT,
    /** The numbers as 32-bit floats in little-endian order, in Base64. */
    @JsonProperty("base64")
    BASE64
  }

  public EmbeddingsRequest {
    StorableText.require("user", user);
    Bounds.requiredText("model", model, MAX_NAME);
    Bounds.required("input", input);
    Bounds.integer("dimensions", dimensions, 1, MAX_DIMENSIONS);
  }
}
