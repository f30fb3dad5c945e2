package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolResult.Citation;
import dev.threadmill.tools.ToolResult.Detail;
import java.util.ArrayList;
import java.util.List;

/** Reads the result of {@code tools/call}: text for the model, and the parts that are not text. */
final class CallToolResult {
  private static final String EMPTY = "The tool succeeded and returned no content.";
  private static final int BASE64_BYTES = 3;
  private static final int BASE64_CHARACTERS = 4;

  private final List<String> texts = new ArrayList<>();
  private final List<Detail> details = new ArrayList<>();
  private final List<Citation> citations = new ArrayList<>();

  private CallToolResult() {}

  /** The result as the engine takes it. */
  static ToolResult of(JsonNode result) {
    var read = new CallToolResult();
    var content = result.path("content");
    if (content.isTextual()) {
      read.texts.add(content.asText());
    } else if (content.isObject()) {
      read.add(content);
    } else {
      content.forEach(read::add);
    }
    var structured = result.path("structuredContent");
    boolean hasStructured = !structured.isMissingNode() && !structured.isNull();
    if (hasStructured) {
      read.details.add(Detail.data(structured));
    }
    if (read.texts.isEmpty() && hasStructured) {
      read.texts.add(structured.toString());
    }
    if (read.texts.isEmpty() && result.hasNonNull("toolResult")) {
      // Servers of 2024-10-07 answer with this field alone.
      var old = result.path("toolResult");
      read.texts.add(old.isTextual() ? old.asText() : old.toString());
    }
    var text = StorableText.of(String.join("\n", read.texts));
    boolean isError = result.path("isError").asBoolean(false);
    if (isError) {
      return ToolResult.failed(
          "tool_error", text.isBlank() ? "The tool failed and gave no reason." : text);
    }
    return new ToolResult.Succeeded(text.isEmpty() ? EMPTY : text, read.details, read.citations);
  }

  private void add(JsonNode part) {
    switch (part.path("type").asText()) {
      case "text" -> texts.add(part.path("text").asText());
      case "image" -> addMedia("image", part.path("mimeType").asText(), part.path("data"));
      case "audio" -> addMedia("audio", part.path("mimeType").asText(), part.path("data"));
      case "resource_link" -> addLink(part);
      case "resource" -> addResource(part.path("resource"));
      default -> addUnknown(part);
    }
  }

  private void addMedia(String kind, String mimeType, JsonNode data) {
    int bytes = data.asText().length() / BASE64_CHARACTERS * BASE64_BYTES;
    var type = StorableText.of(mimeType);
    texts.add(
        "[%s%s of about %,d bytes, which cannot be shown as text]"
            .formatted(kind, type.isEmpty() ? "" : " (" + type + ")", bytes));
    details.add(Detail.media(kind, type, data.asText()));
  }

  private void addLink(JsonNode link) {
    var uri = StorableText.of(link.path("uri").asText());
    var title =
        StorableText.of(
            link.path("title").isTextual()
                ? link.path("title").asText()
                : link.path("name").asText());
    texts.add(title.isBlank() ? uri : "%s: %s".formatted(title, uri));
    citations.add(new Citation(uri, title.isBlank() ? null : title));
  }

  private void addResource(JsonNode resource) {
    var uri = StorableText.of(resource.path("uri").asText());
    if (resource.path("text").isTextual()) {
      texts.add(resource.path("text").asText());
    } else {
      addMedia("file", resource.path("mimeType").asText(), resource.path("blob"));
    }
    if (!uri.isBlank()) {
      citations.add(new Citation(uri, null));
    }
  }

  private void addUnknown(JsonNode part) {
    if (part.isTextual()) {
      texts.add(part.asText());
    } else if (part.path("text").isTextual()) {
      texts.add(part.path("text").asText());
    } else {
      texts.add(
          "[content of type '%s', which cannot be shown as text]"
              .formatted(StorableText.of(part.path("type").asText())));
    }
  }
}
