package dev.threadmill.protocols.a2a;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import dev.threadmill.api.ThreadId;
import dev.threadmill.threads.ContentPart;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A message from a client.
 *
 * @param context null for none
 * @param task null for none
 * @param outputs of tool calls, by the ids of the calls; empty for none
 */
record IncomingMessage(
    String id,
    ThreadId context,
    TaskId task,
    List<ContentPart> content,
    Map<String, String> outputs) {
  private static final int MAX_ID = 256;

  /**
   * Reads a message.
   *
   * @throws A2aError if it is not a valid message, or has content that models do not accept
   */
  static IncomingMessage read(A2aVersion dialect, JsonNode message) {
    if (!message.isObject()) {
      throw A2aError.invalid("message", "Expected a message.");
    }
    var id = text(message, "messageId");
    if (id == null || id.length() > MAX_ID) {
      throw A2aError.invalid(
          "message.messageId", "Expected an id of 1 to %d characters.".formatted(MAX_ID));
    }
    if (!dialect.user().equals(message.path("role").asText())) {
      throw A2aError.invalid("message.role", "Expected a message of the user.");
    }
    var parts = message.path("parts");
    if (!parts.isArray() || parts.isEmpty()) {
      throw A2aError.invalid("message.parts", "At least one part is required.");
    }
    var content = new ArrayList<ContentPart>();
    var outputs = new LinkedHashMap<String, String>();
    for (int i = 0; i < parts.size(); i++) {
      var part = new Part(dialect, "message.parts[%d]".formatted(i), parts.get(i));
      part.addTo(content, outputs);
    }
    return new IncomingMessage(id, context(message), task(message), content, outputs);
  }

  /** The text of all its parts. */
  String text() {
    var text = new StringBuilder();
    for (var part : content) {
      if (part instanceof ContentPart.Text textPart) {
        text.append(textPart.value());
      }
    }
    return text.toString();
  }

  private static ThreadId context(JsonNode message) {
    var context = text(message, "contextId");
    try {
      return context == null ? null : new ThreadId(context);
    } catch (ApiException e) {
      throw unknownContext();
    }
  }

  static A2aError unknownContext() {
    return A2aError.invalid(
        "message.contextId",
        "There is no such context. Leave it out to have the agent create one.");
  }

  private static TaskId task(JsonNode message) {
    var task = text(message, "taskId");
    return task == null ? null : TaskId.parse(task).orElseThrow(A2aError::taskNotFound);
  }

  /** Null for a field that is absent, or empty as protocol buffers write absent strings. */
  private static String text(JsonNode message, String field) {
    var value = message.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw A2aError.invalid("message." + field, "Expected a string.");
    }
    return value.textValue().isEmpty() ? null : value.textValue();
  }

  /** A part, in the form of either version. */
  private record Part(A2aVersion dialect, String path, JsonNode json) {
    void addTo(List<ContentPart> content, Map<String, String> outputs) {
      var file = dialect == A2aVersion.V03 ? json.path("file") : json;
      if (json.path("text").isTextual()) {
        content.add(ContentPart.text(json.path("text").textValue()));
      } else if (json.has("data")) {
        addData(content, outputs);
      } else if (file.path(dialect == A2aVersion.V03 ? "uri" : "url").isTextual()) {
        content.add(
            at(file.path(dialect == A2aVersion.V03 ? "uri" : "url").textValue(), type(file)));
      } else if (file.path(dialect == A2aVersion.V03 ? "bytes" : "raw").isTextual()) {
        content.add(
            inline(file.path(dialect == A2aVersion.V03 ? "bytes" : "raw").textValue(), type(file)));
      } else {
        throw A2aError.invalid(path, "Expected a part with text, data or a file.");
      }
    }

    private void addData(List<ContentPart> content, Map<String, String> outputs) {
      var given = json.path("data").path("tool_outputs");
      if (!given.isArray()) {
        content.add(ContentPart.text(json.path("data").toString()));
        return;
      }
      for (var output : given) {
        if (!output.path("tool_call_id").isTextual()) {
          throw A2aError.invalid(
              path + ".data.tool_outputs", "Expected outputs with a 'tool_call_id' each.");
        }
        var value = output.path("output");
        outputs.put(
            output.path("tool_call_id").textValue(),
            value.isTextual() ? value.textValue() : value.toString());
      }
    }

    private String type(JsonNode file) {
      return file.path(dialect == A2aVersion.V03 ? "mimeType" : "mediaType")
          .asText("")
          .toLowerCase(Locale.ROOT);
    }

    private ContentPart at(String url, String type) {
      if (!type.startsWith("image/") || !url.matches("(?is)https?://.+")) {
        throw A2aError.contentType(
            "Of files at a URL the agent accepts only images; '%s' is not an image type."
                .formatted(type));
      }
      return picture(url);
    }

    private ContentPart inline(String base64, String type) {
      byte[] bytes;
      try {
        bytes = Base64.getDecoder().decode(base64);
      } catch (IllegalArgumentException e) {
        throw A2aError.invalid(path, "Expected a file in base64.");
      }
      if (type.matches("image/[a-z0-9.+-]+")) {
        return picture("data:%s;base64,%s".formatted(type, base64));
      }
      if (type.matches("audio/(?:x-)?[a-z0-9]{1,10}")) {
        return new ContentPart.Audio(
            new ContentPart.Audio.Sound(
                base64,
                type.substring(type.indexOf('/') + 1).replace("x-", "").replace("mpeg", "mp3")));
      }
      if (type.startsWith("text/") || type.equals("application/json")) {
        return ContentPart.text(StorableText.of(new String(bytes, StandardCharsets.UTF_8)));
      }
      throw A2aError.contentType("The agent does not accept files of type '%s'.".formatted(type));
    }

    private static ContentPart picture(String url) {
      return new ContentPart.ImageUrl(
          new ContentPart.ImageUrl.Picture(url, ContentPart.Detail.AUTO));
    }
  }
}
