package dev.threadmill.models.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.models.ProviderError;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads errors in the many forms in which providers, and what stands before them, write them. */
final class ErrorBody {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern TITLE =
      Pattern.compile("<title[^>]*>(.*?)</title>", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
  private static final int LONGEST_PATH = 200;
  private static final int LONGEST_HEAD = 8_192;

  private ErrorBody() {}

  /** The error of a response with this body, which may be JSON, HTML, or plain text. */
  static ProviderError parse(int status, byte[] body, String contentType) {
    var text = new String(body, charset(contentType)).strip();
    if (text.startsWith("{") || text.startsWith("[") || text.startsWith("\"")) {
      try {
        var json = JSON.readTree(text);
        var first = json.isArray() && !json.isEmpty() ? json.get(0) : json;
        return of(status, first.hasNonNull("error") ? first.get("error") : first);
      } catch (IOException _) {
        // Not JSON, so it is text.
      }
    }
    if (text.startsWith("<") || contentType.contains("html")) {
      text = title(text);
    }
    return new ProviderError(status, text, "", "", "");
  }

  /** The title of an HTML page; empty if it has none. */
  static String title(String page) {
    var title = TITLE.matcher(page.substring(0, Math.min(page.length(), LONGEST_HEAD)));
    return title.find() ? title.group(1).strip() : "";
  }

  /** The charset that a content type names, or UTF-8. */
  private static Charset charset(String contentType) {
    return new HttpResponse(0, Map.of("content-type", contentType), new byte[0]).charset();
  }

  /** The error of this JSON, which is the error itself rather than what it is wrapped in. */
  static ProviderError of(int status, JsonNode error) {
    if (error.isTextual()) {
      return new ProviderError(status, nested(error.textValue()), "", "", "");
    }
    return new ProviderError(
        status,
        message(error),
        text(error.hasNonNull("type") ? error.get("type") : error.path("status")),
        text(error.path("code")),
        text(error.path("param")));
  }

  private static String message(JsonNode error) {
    for (var name : new String[] {"message", "detail", "error", "msg", "description", "title"}) {
      var value = error.path(name);
      var text =
          value.isTextual()
              ? value.textValue()
              : value.isArray() ? list(value) : value.isObject() ? message(value) : "";
      if (!text.isBlank()) {
        var raw = error.path("metadata").path("raw");
        return nested(text) + (raw.isTextual() ? " " + raw.textValue() : "") + window(error);
      }
    }
    return error.path("errors").isArray() ? list(error.get("errors")) : "";
  }

  /** The numbers with which llama.cpp explains that a prompt is too long. */
  private static String window(JsonNode error) {
    var window = error.path("n_ctx");
    var prompt = error.path("n_prompt_tokens");
    return window.isNumber() && prompt.isNumber()
        ? " (n_ctx: %s, n_prompt_tokens: %s)".formatted(window.asText(), prompt.asText())
        : "";
  }

  /** Errors of validation: where each is and what it says. */
  private static String list(JsonNode errors) {
    var texts = new ArrayList<String>();
    for (var each : errors) {
      var text = each.isTextual() ? each.textValue() : message(each);
      if (!text.isBlank()) {
        texts.add(path(each.path("loc")) + text);
      }
    }
    return String.join("; ", texts);
  }

  private static String path(JsonNode location) {
    var path = new StringBuilder();
    for (var part : location) {
      if (!part.asText().equals("body") && path.length() < LONGEST_PATH) {
        path.append(path.isEmpty() ? "" : ".").append(part.asText());
      }
    }
    return path.isEmpty() ? "" : path + ": ";
  }

  /** Gateways pass on the error of another server as text. */
  private static String nested(String text) {
    if (text.startsWith("{")) {
      try {
        var json = JSON.readTree(text);
        var inner =
            message(
                json.hasNonNull("error") && json.get("error").isObject()
                    ? json.get("error")
                    : json);
        return inner.isBlank() ? text : inner;
      } catch (IOException _) {
        return text;
      }
    }
    return text;
  }

  private static String text(JsonNode node) {
    return node.isValueNode() && !node.isNull() ? node.asText() : "";
  }
}
