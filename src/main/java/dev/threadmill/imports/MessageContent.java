package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.Attachment;
import dev.threadmill.threads.ContentPart;
import java.util.ArrayList;
import java.util.List;

/** Reads the content of messages of other servers. Fields that are not known are left out. */
final class MessageContent {
  private static final List<String> OF_ANNOTATIONS =
      List.of("type", "text", "start_index", "end_index");

  private MessageContent() {}

  /**
   * The parts of a message.
   *
   * @param content a text, or a list of parts in the shapes of the API
   * @throws ApiException 400 if a part is none
   */
  static List<ContentPart> read(JsonNode content) {
    if (content.isTextual()) {
      return List.of(ContentPart.text(content.textValue()));
    }
    var parts = new ArrayList<ContentPart>();
    for (int i = 0; i < content.size(); i++) {
      parts.add(part("content[%d]".formatted(i), content.get(i)));
    }
    return parts;
  }

  private static ContentPart part(String path, JsonNode part) {
    return switch (part.path("type").asText("")) {
      case "text" -> text(part.path("text"));
      case "image_file" ->
          new ContentPart.ImageFile(
              new ContentPart.ImageFile.Picture(
                  required(path, part.path("image_file").path("file_id")), detail(part)));
      case "image_url" ->
          new ContentPart.ImageUrl(
              new ContentPart.ImageUrl.Picture(
                  required(path, part.path("image_url").path("url")), detail(part)));
      case "refusal" -> ContentPart.refusal(required(path, part.path("refusal")));
      case "file" -> new ContentPart.File(required(path, part.path("file_id")));
      case "audio" ->
          new ContentPart.Audio(
              new ContentPart.Audio.Sound(
                  required(path, part.path("audio").path("data")),
                  required(path, part.path("audio").path("format"))));
      default ->
          throw ApiException.invalid(
              path, "Invalid '%s': there is no such kind of part.".formatted(path));
    };
  }

  private static ContentPart text(JsonNode text) {
    if (text.isTextual()) {
      return ContentPart.text(text.textValue());
    }
    var annotations = new ArrayList<Annotation>();
    for (var each : text.path("annotations")) {
      annotation(each, annotations);
    }
    return ContentPart.text(text.path("value").asText(""), annotations);
  }

  private static void annotation(JsonNode annotation, List<Annotation> annotations) {
    var copy = Json.MAPPER.createObjectNode();
    OF_ANNOTATIONS.stream()
        .filter(annotation::has)
        .forEach(field -> copy.set(field, annotation.get(field)));
    switch (annotation.path("type").asText("")) {
      case "file_citation" -> {
        copy(annotation, copy, "file_citation", "file_id");
        if (annotation.path("location").isObject()) {
          copy(annotation, copy, "location", "page", "heading");
        }
      }
      case "file_path" -> copy(annotation, copy, "file_path", "file_id");
      case "url_citation" -> copy(annotation, copy, "url_citation", "url", "title");
      default -> {
        return;
      }
    }
    try {
      annotations.add(Json.MAPPER.treeToValue(copy, Annotation.class));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      // The text says it without the annotation.
    }
  }

  private static void copy(JsonNode from, ObjectNode to, String name, String... fields) {
    var copy = to.putObject(name);
    for (var field : fields) {
      if (from.path(name).has(field)) {
        copy.set(field, from.path(name).get(field));
      }
    }
  }

  private static ContentPart.Detail detail(JsonNode part) {
    return switch (part.path(part.path("type").asText()).path("detail").asText("auto")) {
      case "low" -> ContentPart.Detail.LOW;
      case "high" -> ContentPart.Detail.HIGH;
      default -> ContentPart.Detail.AUTO;
    };
  }

  private static String required(String path, JsonNode value) {
    if (!value.isTextual()) {
      throw ApiException.invalid(path, "Invalid '%s': it is not complete.".formatted(path));
    }
    return value.textValue();
  }

  /**
   * The attachments of a message; null for none. Files that an earlier form of the API names in
   * {@code file_ids} are for all tools that work on files.
   */
  static List<Attachment> attachments(ObjectNode message) {
    var attachments = new ArrayList<Attachment>();
    for (var each : message.path("attachments")) {
      if (each.path("file_id").isTextual()) {
        var tools = new ArrayList<Attachment.Tool>();
        for (var tool : each.path("tools")) {
          var type = tool.path("type").asText("");
          if (type.equals(Attachment.Tool.CODE_INTERPRETER)
              || type.equals(Attachment.Tool.FILE_SEARCH)) {
            tools.add(new Attachment.Tool(type, null));
          }
        }
        attachments.add(
            new Attachment(each.path("file_id").asText(), each.has("tools") ? tools : null));
      }
    }
    for (var file : message.path("file_ids")) {
      attachments.add(
          new Attachment(
              file.asText(),
              List.of(
                  new Attachment.Tool(Attachment.Tool.CODE_INTERPRETER, null),
                  new Attachment.Tool(Attachment.Tool.FILE_SEARCH, null))));
    }
    return attachments.isEmpty() ? null : attachments;
  }
}
