package dev.threadmill.models.embeddings;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The answer to a request for embeddings.
 *
 * @param model that made the vectors
 */
public record EmbeddingList(String object, List<Embedding> data, String model, Tokens usage) {
  /** One vector, in the order of the inputs. */
  public record Embedding(
      String object,
      int index,
      @Schema(
              description = "An array of numbers, or a text for the encoding format base64",
              anyOf = {float[].class, String.class})
          Object embedding) {}

  /** The tokens that were used. */
  public record Tokens(long promptTokens, long totalTokens) {}

  static EmbeddingList of(
      String model,
      List<float[]> vectors,
      EmbeddingsRequest.EncodingFormat format,
      long promptTokens) {
    boolean isText = format == EmbeddingsRequest.EncodingFormat.BASE64;
    var data = new ArrayList<Embedding>(vectors.size());
    for (var vector : vectors) {
      data.add(new Embedding("embedding", data.size(), isText ? base64(vector) : vector));
    }
    return new EmbeddingList("list", data, model, new Tokens(promptTokens, promptTokens));
  }

  private static String base64(float[] vector) {
    var bytes = ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
