package dev.threadmill.guard;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import java.io.IOException;

/**
 * A secret in a definition: as the client sends it, as it is stored, or as it is shown. However it
 * gets into JSON, the secret itself never does.
 */
@JsonDeserialize(using = SecretText.Reader.class)
@JsonSerialize(using = SecretText.Writer.class)
public sealed interface SecretText {
  /** What a client is shown, and what it may send back to leave the secret as it is. */
  String MASK = "***";

  /** The largest secret that is taken, in characters. */
  int MAX_LENGTH = 4096;

  /** The secret itself, which a client has just sent. */
  record Plain(String value) implements SecretText {
    @Override
    public String toString() {
      return MASK;
    }
  }

  /** The secret encrypted by {@link SecretBox}. */
  record Sealed(String box) implements SecretText {
    @Override
    public String toString() {
      return MASK;
    }
  }

  /** Stands for a secret without holding it. */
  record Masked() implements SecretText {}

  /** Writes a sealed secret as an object that holds its box, anything else as the mask. */
  final class Writer extends JsonSerializer<SecretText> {
    @Override
    public void serialize(SecretText secret, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      switch (secret) {
        case Sealed(var box) -> {
          json.writeStartObject();
          json.writeStringField("sealed", box);
          json.writeEndObject();
        }
        case Plain _, Masked _ -> json.writeString(MASK);
      }
    }
  }

  /** Reads what {@link Writer} writes, and any other text as a secret. */
  final class Reader extends JsonDeserializer<SecretText> {
    @Override
    public SecretText deserialize(JsonParser json, DeserializationContext context)
        throws IOException {
      if (json.currentToken() == JsonToken.VALUE_STRING) {
        var text = json.getText();
        return text.equals(MASK) ? new Masked() : new Plain(text);
      }
      if (json.currentToken() == JsonToken.START_OBJECT
          && "sealed".equals(json.nextFieldName())
          && json.nextToken() == JsonToken.VALUE_STRING) {
        var sealed = new Sealed(json.getText());
        if (json.nextToken() == JsonToken.END_OBJECT) {
          return sealed;
        }
      }
      return (SecretText) context.handleUnexpectedToken(SecretText.class, json);
    }
  }
}
