package dev.threadmill.runs.context;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import dev.threadmill.api.Json;
import dev.threadmill.api.Sha256;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Computes a digest of a prompt. It hashes the kind of each message and its texts, each preceded by
 * its length in bytes: hashing the texts is much faster than writing long prompts as JSON.
 */
final class PromptDigest {
  /** Sorts properties: the database does not keep their order, so it is not part of the digest. */
  private static final ObjectWriter SORTED =
      Json.MAPPER
          .writer()
          .with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .with(JsonNodeFeature.WRITE_PROPERTIES_SORTED);

  private static final int BYTES = 16;
  private static final int NONE = -1;

  private final MessageDigest sha = Sha256.digest();
  private final ByteBuffer number = ByteBuffer.allocate(Integer.BYTES);

  /** The first half of the prompt's SHA-256, in hexadecimal digits. */
  static String of(List<ModelMessage> messages, List<FunctionSpec> functions) {
    var digest = new PromptDigest();
    messages.forEach(digest::add);
    functions.forEach(function -> digest.add('f', json(function)));
    return HexFormat.of().formatHex(digest.sha.digest(), 0, BYTES);
  }

  private void add(ModelMessage message) {
    switch (message) {
      case ModelMessage.System(var text) -> add('s', text);
      case ModelMessage.User(var parts) -> {
        add('u', parts.size());
        parts.forEach(this::add);
      }
      case ModelMessage.Assistant(var text, var calls, var thoughts) -> {
        add('a', text);
        add('c', calls.isEmpty() ? null : json(calls));
        add('t', thoughts == null ? null : json(thoughts));
      }
      case ModelMessage.ToolResult(var call, var text) -> {
        add('r', call);
        add('o', text);
      }
    }
  }

  private void add(ModelPart part) {
    switch (part) {
      case ModelPart.Text(var text) -> add('x', text);
      case ModelPart.Image(var url, var detail) -> {
        add('i', url);
        add('d', detail);
      }
      case ModelPart.File(_, var data) -> {
        add('p', data.filename());
        add('b', data.base64());
      }
      case ModelPart.Audio(var data, var format) -> {
        add('m', data);
        add('d', format);
      }
    }
  }

  private static String json(Object value) {
    try {
      return SORTED.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value.getClass().getName(), e);
    }
  }

  private void add(char kind, String text) {
    if (text == null) {
      add(kind, NONE);
    } else {
      var bytes = text.getBytes(StandardCharsets.UTF_8);
      add(kind, bytes.length);
      sha.update(bytes);
    }
  }

  private void add(char kind, int length) {
    sha.update((byte) kind);
    sha.update(number.putInt(0, length).array());
  }
}
