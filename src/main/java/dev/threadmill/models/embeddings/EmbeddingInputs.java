package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.threadmill.api.ApiException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The inputs of a request for embeddings: a text, several texts, the tokens of a text, or the
 * tokens of several. They are checked while they are read, so that millions of numbers are refused
 * before they take up memory.
 */
@JsonDeserialize(using = EmbeddingInputs.Reader.class)
@Schema(
    name = "EmbeddingInputs",
    description =
        "A text, an array of up to 2048 texts, an array of token ids, or an array of up to 2048 such arrays",
    anyOf = {String.class, List.class},
    type = SchemaType.STRING)
public record EmbeddingInputs(List<EmbeddingInput> all) {
  private static final int MAX_INPUTS = 2_048;
  private static final int MAX_TOKENS = 300_000;
  private static final String PARAM = "input";

  public EmbeddingInputs {
    all = List.copyOf(all);
  }

  /** Reads the field, whatever its form. */
  static final class Reader extends JsonDeserializer<EmbeddingInputs> {
    @Override
    public EmbeddingInputs deserialize(JsonParser json, DeserializationContext context)
        throws IOException {
      if (json.currentToken() == JsonToken.VALUE_STRING) {
        return new EmbeddingInputs(List.of(text(PARAM, json.getText())));
      }
      if (json.currentToken() != JsonToken.START_ARRAY) {
        throw wrongType(PARAM);
      }
      return switch (json.nextToken()) {
        case VALUE_STRING, START_ARRAY -> new EmbeddingInputs(list(json));
        case VALUE_NUMBER_INT -> new EmbeddingInputs(List.of(tokens(PARAM, json, MAX_TOKENS)));
        case END_ARRAY ->
            throw ApiException.invalid(PARAM, "Invalid 'input': the array has no elements.");
        case null, default -> throw wrongType(element(0));
      };
    }

    /** Begins at the first element. */
    private static List<EmbeddingInput> list(JsonParser json) throws IOException {
      var inputs = new ArrayList<EmbeddingInput>();
      boolean isText = json.currentToken() == JsonToken.VALUE_STRING;
      int tokens = 0;
      for (; json.currentToken() != JsonToken.END_ARRAY; json.nextToken()) {
        var param = element(inputs.size());
        if (inputs.size() == MAX_INPUTS) {
          throw ApiException.invalid(
              PARAM,
              "array_above_max_length",
              "Invalid 'input': array too long. Expected an array with maximum length %d."
                  .formatted(MAX_INPUTS));
        }
        if (json.currentToken() != (isText ? JsonToken.VALUE_STRING : JsonToken.START_ARRAY)) {
          throw wrongType(param);
        }
        if (isText) {
          inputs.add(text(param, json.getText()));
          continue;
        }
        json.nextToken();
        var ids = tokens(param, json, MAX_TOKENS - tokens);
        tokens += ids.ids().length;
        inputs.add(ids);
      }
      return inputs;
    }

    private static EmbeddingInput.Text text(String param, String text) {
      if (text.isEmpty()) {
        throw ApiException.invalid(
            param, "Invalid '%s': an empty text has no embedding.".formatted(param));
      }
      return new EmbeddingInput.Text(text);
    }

    /** Begins at the first id, and ends at the end of the array. */
    private static EmbeddingInput.Tokens tokens(String param, JsonParser json, int max)
        throws IOException {
      var ids = new int[16];
      int length = 0;
      for (; json.currentToken() != JsonToken.END_ARRAY; json.nextToken()) {
        if (length == max) {
          throw ApiException.invalid(
              PARAM, "Invalid 'input': a request has at most %d tokens.".formatted(MAX_TOKENS));
        }
        if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
            || json.getNumberType() != JsonParser.NumberType.INT
            || json.getIntValue() < 0) {
          throw wrongType("%s[%d]".formatted(param, length));
        }
        if (length == ids.length) {
          ids = Arrays.copyOf(ids, 2 * length);
        }
        ids[length++] = json.getIntValue();
      }
      if (length == 0) {
        throw ApiException.invalid(
            param, "Invalid '%s': an array of tokens has at least one.".formatted(param));
      }
      return new EmbeddingInput.Tokens(Arrays.copyOf(ids, length));
    }

    private static String element(int index) {
      return "%s[%d]".formatted(PARAM, index);
    }

    private static ApiException wrongType(String param) {
      return ApiException.invalid(
          param,
          "invalid_type",
          ("Invalid type for '%s': 'input' is a text, an array of texts, an array of token ids, or"
                  + " an array of such arrays.")
              .formatted(param));
    }
  }
}
