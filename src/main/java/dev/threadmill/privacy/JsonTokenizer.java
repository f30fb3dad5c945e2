package dev.threadmill.privacy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.projects.PrivacyOptions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Replaces personal data in the texts, names and numbers of a JSON body. What a request needs as it
 * is stays: addresses and credentials of tools, and content in base64.
 */
@ApplicationScoped
class JsonTokenizer {
  private static final Set<String> OF_TOOLS =
      Set.of("auth", "authorization", "headers", "url", "server_url", "endpoint", "token_url");

  private static final Set<String> ADDRESSES =
      Set.of("image_url", "file_url", "encrypted_content", "privacy");

  /** A webhook endpoint; in other bodies it is a text like others. */
  private static final String URL = "url";

  private static final Map<String, String> MEDIA =
      Map.of(
          "image_url", PrivacyOptions.IMAGE,
          "image_file", PrivacyOptions.IMAGE,
          "input_image", PrivacyOptions.IMAGE,
          "input_audio", PrivacyOptions.AUDIO,
          "audio", PrivacyOptions.AUDIO);

  private static final Pattern BASE64 =
      Pattern.compile("(?:data:.*|[A-Za-z0-9+/_-]{200,}={0,2})", Pattern.DOTALL);

  private static final int MIN_DIGITS = 9;

  private final Tokenizer tokenizer;

  JsonTokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  private record Context(ProjectId project, PrivacyPolicy policy, Supplier<String> owner) {}

  /**
   * The body with tokens.
   *
   * @throws ApiException 400 that names the field for media that models of the project may not
   *     read, and if names cannot be recognized
   */
  JsonNode apply(ProjectId project, PrivacyPolicy policy, Supplier<String> owner, JsonNode body) {
    return node(new Context(project, policy, new Once(owner)), "", false, body);
  }

  private JsonNode node(Context context, String path, boolean isTool, JsonNode node) {
    return switch (node) {
      case ObjectNode object -> object(context, path, isTool, object);
      case ArrayNode list -> {
        var copy = Json.MAPPER.createArrayNode();
        for (int i = 0; i < list.size(); i++) {
          copy.add(node(context, path + "[" + i + "]", isTool, list.get(i)));
        }
        yield copy;
      }
      case TextNode text -> TextNode.valueOf(text(context, path, text.textValue()));
      case JsonNode number when number.isNumber() -> {
        var written = number.asText();
        var replaced = written.length() < MIN_DIGITS ? written : text(context, path, written);
        yield replaced.equals(written) ? number : TextNode.valueOf(replaced);
      }
      default -> node;
    };
  }

  private ObjectNode object(Context context, String path, boolean isTool, ObjectNode object) {
    requireReadable(context, path, object);
    var copy = Json.MAPPER.createObjectNode();
    for (var field : object.properties()) {
      var name = field.getKey();
      var below = path.isEmpty() ? name : path + "." + name;
      boolean stays =
          isTool && OF_TOOLS.contains(name)
              || ADDRESSES.contains(name) && field.getValue().isTextual()
              || path.isEmpty() && (name.equals(URL) || name.equals("privacy"));
      boolean isInTool = isTool || name.equals("tools") && !below.contains("metadata");
      copy.set(
          isInTool ? name : text(context, below, name),
          stays ? field.getValue() : node(context, below, isInTool, field.getValue()));
    }
    return copy;
  }

  private static void requireReadable(Context context, String path, ObjectNode object) {
    var type = object.path("type");
    var medium = type.isTextual() ? MEDIA.get(type.textValue()) : null;
    boolean isPart =
        medium != null && object.has(type.textValue()) || "input_image".equals(type.asText());
    if (medium != null && isPart && !context.policy().allowsMedium(medium)) {
      throw ApiException.invalid(
          path,
          ContentRejectedException.CODE,
          "Invalid '%s': nothing can be found in an %s that has to be replaced, and 'privacy.allowed_entities' does not have '%s'."
              .formatted(path, medium, medium));
    }
  }

  private String text(Context context, String path, String text) {
    if (text.length() > 200 && BASE64.matcher(text).matches() || text.startsWith("data:")) {
      return text;
    }
    try {
      return tokenizer.apply(context.project(), context.policy(), context.owner(), text);
    } catch (ContentRejectedException e) {
      throw e.asApiException(path);
    }
  }

  /** Asks once. */
  private static final class Once implements Supplier<String> {
    private final Supplier<String> source;
    private String value;

    Once(Supplier<String> source) {
      this.source = source;
    }

    @Override
    public String get() {
      if (value == null) {
        value = source.get();
      }
      return value;
    }
  }
}
