package dev.threadmill.tools.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.WebhookSpec;
import dev.threadmill.assistants.WebhookSpec.ArgumentLocation;
import dev.threadmill.tools.ToolFiles;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The request of a webhook: the model's arguments, each in its place.
 *
 * @param body null for none
 */
record WebhookRequest(String url, Map<String, String> headers, String body) {
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x20-\\x7e\\xa0-\\xff]{0,4096}");

  /** The arguments cannot be sent as they are; the message is for the model. */
  static final class UnusableArgumentException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableArgumentException(String message) {
      super(message);
    }
  }

  /**
   * The request for a call.
   *
   * @param files attached for the tool: named in a header, and described in a body that is an
   *     object without an argument of this name
   */
  static WebhookRequest of(WebhookSpec spec, JsonNode arguments, ToolFiles files)
      throws UnusableArgumentException {
    var url = spec.endpoint();
    var query = new StringBuilder();
    var headers = new LinkedHashMap<String, String>();
    ObjectNode body = Json.MAPPER.createObjectNode();
    JsonNode payload = null;
    for (var argument : arguments.properties()) {
      var name = argument.getKey();
      var value = argument.getValue();
      switch (place(spec, name)) {
        case PATH -> url = url.replace("{" + name + "}", segment(name, value));
        case QUERY -> addQuery(query, name, value);
        case HEADER -> headers.put(name, header(name, value));
        case BODY -> body.set(name, value);
        case PAYLOAD -> payload = value;
      }
    }
    if (url.indexOf('{') >= 0) {
      throw new UnusableArgumentException(
          "The address needs %s, which the arguments do not give."
              .formatted(url.substring(url.indexOf('{'), url.indexOf('}', url.indexOf('{')) + 1)));
    }
    if (!query.isEmpty()) {
      url += (url.indexOf('?') < 0 ? "?" : "&") + query;
    }
    boolean hasBody = spec.effectiveMethod().hasBody() || payload != null || !body.isEmpty();
    var content = payload == null ? body : payload.deepCopy();
    if (!files.isEmpty()) {
      headers.put(ToolFiles.HEADER, files.ids());
      if (hasBody && content instanceof ObjectNode object && !object.has(ToolFiles.FIELD)) {
        object.set(ToolFiles.FIELD, files.described());
      }
    }
    return new WebhookRequest(url, headers, hasBody ? content.toString() : null);
  }

  /** By default an argument goes into its placeholder, the body or the query. */
  private static ArgumentLocation place(WebhookSpec spec, String name) {
    if (spec.placement() != null && spec.placement().containsKey(name)) {
      return spec.placement().get(name);
    }
    if (spec.endpoint().contains("{" + name + "}")) {
      return ArgumentLocation.PATH;
    }
    return spec.effectiveMethod().hasBody() ? ArgumentLocation.BODY : ArgumentLocation.QUERY;
  }

  private static String segment(String name, JsonNode value) throws UnusableArgumentException {
    var text = text(value);
    if (text.isEmpty() || text.equals(".") || text.equals("..")) {
      throw new UnusableArgumentException(
          "The argument '%s' goes into a path and must not be empty, '.' or '..'.".formatted(name));
    }
    return encoded(text);
  }

  private static void addQuery(StringBuilder query, String name, JsonNode value) {
    if (value.isArray()) {
      value.forEach(each -> addQuery(query, name, each));
    } else if (!value.isNull()) {
      query.append(query.isEmpty() ? "" : "&");
      query.append(encoded(name)).append('=').append(encoded(text(value)));
    }
  }

  private static String header(String name, JsonNode value) throws UnusableArgumentException {
    if (!WebhookSpec.isArgumentHeader(name)) {
      throw new UnusableArgumentException(
          "The argument '%s' goes into a header that cannot be set.".formatted(name));
    }
    var text = text(value);
    if (!HEADER_VALUE.matcher(text).matches()) {
      throw new UnusableArgumentException(
          "The argument '%s' goes into a header, which cannot hold it.".formatted(name));
    }
    return text;
  }

  private static String text(JsonNode value) {
    return value.isValueNode() ? value.asText() : value.toString();
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
