package dev.threadmill.protocols.responses.items;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.models.FileData;
import dev.threadmill.threads.ContentPart;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Reads the content of messages and of outputs: a text, or a list of parts. */
final class InputContent {
  private static final int MAX_PARTS = 1_000;
  private static final Pattern IMAGE_URL =
      Pattern.compile("(?:https?://|data:image/).+", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final String DATA = "data:";
  private static final Pattern AUDIO_FORMAT = Pattern.compile("[a-z0-9]{1,10}");

  private InputContent() {}

  /**
   * The parts of a message.
   *
   * @param files makes the part that refers to a file of this id
   * @param keepsImages whether images in data URLs become files
   * @throws ApiException 400 that names the part
   */
  static List<ContentPart> parts(
      String path,
      JsonNode content,
      Function<String, ContentPart.File> files,
      boolean keepsImages) {
    if (content.isTextual()) {
      return List.of(ContentPart.text(content.textValue()));
    }
    if (content.isMissingNode() || content.isNull()) {
      throw ApiException.missing(path);
    }
    if (!content.isArray()) {
      throw type(path, "a text or a list of parts");
    }
    if (content.size() > MAX_PARTS) {
      throw ApiException.invalid(
          path, "Invalid '%s': expected at most %d parts.".formatted(path, MAX_PARTS));
    }
    var parts = new ArrayList<ContentPart>();
    for (int i = 0; i < content.size(); i++) {
      parts.add(part("%s[%d]".formatted(path, i), content.get(i), files, keepsImages));
    }
    return parts;
  }

  private static ContentPart part(
      String path, JsonNode part, Function<String, ContentPart.File> files, boolean keepsImages) {
    return switch (part.path("type").asText("")) {
      case "input_text", "output_text", "text", "summary_text" ->
          ContentPart.text(text(path + ".text", part.path("text")));
      case "refusal" -> ContentPart.refusal(text(path + ".refusal", part.path("refusal")));
      case "input_image" -> image(path, part, files, keepsImages);
      case "input_file" -> file(path, part, files);
      case "input_audio" -> audio(path, part.path("input_audio"));
      default -> throw value(path + ".type", part.path("type"));
    };
  }

  private static ContentPart image(
      String path, JsonNode part, Function<String, ContentPart.File> files, boolean keepsImages) {
    var detail =
        switch (part.path("detail").asText("auto")) {
          case "low" -> ContentPart.Detail.LOW;
          case "high", "original" -> ContentPart.Detail.HIGH;
          case "auto", "null" -> ContentPart.Detail.AUTO;
          default -> throw value(path + ".detail", part.path("detail"));
        };
    if (part.path("file_id").isTextual()) {
      var file = files.apply(part.path("file_id").textValue());
      return new ContentPart.ImageFile(
          new ContentPart.ImageFile.Picture(file.fileId(), detail), file.data());
    }
    var url = text(path + ".image_url", part.path("image_url"));
    if (!IMAGE_URL.matcher(url).matches()) {
      throw ApiException.invalid(
          path + ".image_url",
          "Invalid '%s.image_url': expected an http, https or data:image URL.".formatted(path));
    }
    if (keepsImages && isData(url)) {
      return new ContentPart.ImageFile(
          new ContentPart.ImageFile.Picture(null, detail),
          FileData.parseImage(path + ".image_url", url));
    }
    return new ContentPart.ImageUrl(new ContentPart.ImageUrl.Picture(url, detail));
  }

  /** Whether a URL has its content in itself. */
  static boolean isData(String url) {
    return url.regionMatches(true, 0, DATA, 0, DATA.length());
  }

  private static ContentPart file(
      String path, JsonNode part, Function<String, ContentPart.File> files) {
    if (part.path("file_id").isTextual()) {
      return files.apply(part.path("file_id").textValue());
    }
    var name = part.path("filename").isTextual() ? part.path("filename").textValue() : null;
    var data = text(path + ".file_data", part.path("file_data"));
    return new ContentPart.File(null, FileData.parse(path + ".file_data", name, data));
  }

  private static ContentPart audio(String path, JsonNode audio) {
    var at = path + ".input_audio";
    var data = text(at + ".data", audio.path("data"));
    decoded(at + ".data", data);
    var format = text(at + ".format", audio.path("format"));
    if (!AUDIO_FORMAT.matcher(format).matches()) {
      throw value(at + ".format", audio.path("format"));
    }
    return new ContentPart.Audio(new ContentPart.Audio.Sound(data, format));
  }

  private static byte[] decoded(String path, String base64) {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(path, "Invalid '%s': expected base64.".formatted(path));
    }
  }

  /** The text of the parts of an output; other parts than text are named in brackets. */
  static String outputText(List<ContentPart> parts) {
    var text = new StringBuilder();
    for (var part : parts) {
      switch (part) {
        case ContentPart.Text plain -> text.append(plain.value());
        case ContentPart.Refusal(var refusal) -> text.append(refusal);
        case ContentPart.ImageUrl _ -> text.append("[an image]");
        case ContentPart.ImageFile(var picture, _) ->
            text.append("[image ").append(picture.fileId()).append(']');
        case ContentPart.File(var file, var data) ->
            text.append("[file ").append(data == null ? file : data.filename()).append(']');
        case ContentPart.Audio _ -> text.append("[a sound]");
      }
    }
    return text.toString();
  }

  /** The text at this path. */
  static String text(String path, JsonNode node) {
    if (node.isMissingNode() || node.isNull()) {
      throw ApiException.missing(path);
    }
    if (!node.isTextual()) {
      throw type(path, "a text");
    }
    return node.textValue();
  }

  static ApiException type(String path, String expected) {
    return ApiException.invalid(
        path, "invalid_type", "Invalid type for '%s': expected %s.".formatted(path, expected));
  }

  static ApiException value(String path, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return ApiException.missing(path);
    }
    var shown = value.asText();
    return ApiException.invalid(
        path,
        "Invalid value for '%s': '%s'."
            .formatted(path, shown.length() <= 80 ? shown : shown.substring(0, 80) + "…"));
  }
}
