package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the response of {@code POST /embeddings} as a stream: as a tree it would take ten times the
 * memory.
 */
final class EmbeddingsResponseReader {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int MAX_DIMENSIONS = 65_536;

  private final float[][] vectors;
  private long promptTokens;

  private EmbeddingsResponseReader(int expected) {
    this.vectors = new float[expected][];
  }

  /**
   * The vectors of this many inputs.
   *
   * @throws JsonParseException if the response is not JSON, or a vector is missing or invalid
   * @throws IOException if the response cannot be received
   */
  static EmbeddedInputs read(InputStream response, int expected) throws IOException {
    var reader = new EmbeddingsResponseReader(expected);
    try (var json = JSON.createParser(response)) {
      reader.readResponse(json);
    }
    for (var vector : reader.vectors) {
      if (vector == null || vector.length != reader.vectors[0].length) {
        throw new JsonParseException(null, "a vector is missing or of another length");
      }
    }
    return new EmbeddedInputs(List.of(reader.vectors), reader.promptTokens);
  }

  private void readResponse(JsonParser json) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw new JsonParseException(json, "the response is not an object");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      var field = json.currentName();
      json.nextToken();
      if (field.equals("data") && json.currentToken() == JsonToken.START_ARRAY) {
        for (int i = 0; json.nextToken() == JsonToken.START_OBJECT; i++) {
          readVector(json, i);
        }
      } else if (field.equals("usage") && json.currentToken() == JsonToken.START_OBJECT) {
        readUsage(json);
      } else {
        json.skipChildren();
      }
    }
  }

  private void readVector(JsonParser json, int position) throws IOException {
    int index = position;
    float[] vector = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      var field = json.currentName();
      json.nextToken();
      if (field.equals("index") && json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
        index = json.getIntValue();
      } else if (field.equals("embedding")) {
        vector = readNumbers(json);
      } else {
        json.skipChildren();
      }
    }
    if (index < 0 || index >= vectors.length || vector == null || vector.length == 0) {
      throw new JsonParseException(json, "the vector of input %d is invalid".formatted(index));
    }
    vectors[index] = vector;
  }

  private static float[] readNumbers(JsonParser json) throws IOException {
    float[] vector;
    if (json.currentToken() == JsonToken.VALUE_STRING) {
      vector = floats(json.getBinaryValue());
    } else if (json.currentToken() == JsonToken.START_ARRAY) {
      vector = floats(json);
    } else {
      json.skipChildren();
      return null;
    }
    for (float each : vector) {
      if (!Float.isFinite(each)) {
        throw new JsonParseException(json, "a vector has a number that is not finite");
      }
    }
    return vector;
  }

  private static float[] floats(byte[] littleEndian) {
    var vector = new float[littleEndian.length / Float.BYTES];
    ByteBuffer.wrap(littleEndian).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }

  private static float[] floats(JsonParser json) throws IOException {
    var vector = new float[1_024];
    int length = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() == null
          || !json.currentToken().isNumeric()
          || length == MAX_DIMENSIONS) {
        throw new JsonParseException(json, "a vector is not a list of numbers");
      }
      if (length == vector.length) {
        vector = Arrays.copyOf(vector, 2 * length);
      }
      vector[length++] = json.getFloatValue();
    }
    return Arrays.copyOf(vector, length);
  }

  private void readUsage(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      var field = json.currentName();
      json.nextToken();
      if (field.equals("prompt_tokens")
          && json.currentToken() == JsonToken.VALUE_NUMBER_INT
          && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        promptTokens = Math.max(0, json.getLongValue());
      } else {
        json.skipChildren();
      }
    }
  }
}
