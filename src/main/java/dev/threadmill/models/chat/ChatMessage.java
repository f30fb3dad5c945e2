package dev.threadmill.models.chat;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ReasoningState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A message of a chat completion request. */
public record ChatMessage(ModelMessage message) {
  private static final int MAX_NAME = 1_024;

  @JsonCreator
  static ChatMessage of(JsonNode json) {
    var at = ChatField.root(json);
    return new ChatMessage(
        switch (at.get("role").text()) {
          case "system", "developer" -> {
            at.allowOnly("role", "content", "name");
            yield new ModelMessage.System(plain(at.get("content")));
          }
          case "user" -> {
            at.allowOnly("role", "content", "name");
            yield new ModelMessage.User(parts(at.get("content")));
          }
          case "assistant" -> {
            at.allowOnly(
                "role", "content", "name", "refusal", "tool_calls", "annotations", "audio");
            yield assistant(at);
          }
          case "tool" -> {
            at.allowOnly("role", "content", "tool_call_id");
            yield new ModelMessage.ToolResult(
                at.get("tool_call_id").text(), plain(at.get("content")));
          }
          default -> throw at.get("role").invalid("'system', 'user', 'assistant' or 'tool'");
        });
  }

  private static ModelMessage assistant(ChatField at) {
    var calls = new ArrayList<ModelToolCall>();
    for (var call : at.get("tool_calls").elements()) {
      call.allowOnly("id", "type", "function", "index");
      if (!call.get("type").textOr("function").equals("function")) {
        throw call.get("type").invalid("'function'");
      }
      var function = call.get("function");
      function.allowOnly("name", "arguments");
      calls.add(
          new ModelToolCall(
              call.get("id").text(),
              function.get("name").text(),
              function.get("arguments").text()));
    }
    var content = at.get("content");
    var spoken = at.get("audio");
    if (!spoken.isAbsent()) {
      spoken.allowOnly("id", "data", "transcript", "expires_at");
      return new ModelMessage.Assistant(
          content.isAbsent() ? null : plain(content),
          calls,
          new ReasoningState(
              "openai", null, Map.of(ReasoningState.SPOKEN, spoken.get("id").text())));
    }
    if (content.isAbsent() && calls.isEmpty()) {
      if (at.get("refusal").isAbsent()) {
        throw ApiException.missing("content");
      }
      return new ModelMessage.Assistant(at.get("refusal").text(), calls);
    }
    return new ModelMessage.Assistant(content.isAbsent() ? null : plain(content), calls);
  }

  /** A string, or the text of all parts. */
  private static String plain(ChatField content) {
    if (!content.isList()) {
      return content.text();
    }
    var text = new StringBuilder();
    for (var part : content.elements()) {
      switch (part.get("type").text()) {
        case "text" -> text.append(part.get("text").text());
        case "refusal" -> text.append(part.get("refusal").text());
        default -> throw part.get("type").invalid("'text'");
      }
    }
    return text.toString();
  }

  private static List<ModelPart> parts(ChatField content) {
    if (!content.isList()) {
      return List.of(new ModelPart.Text(content.text()));
    }
    return content.elements().stream().map(ChatMessage::part).toList();
  }

  private static ModelPart part(ChatField at) {
    return switch (at.get("type").text()) {
      case "text" -> {
        at.allowOnly("type", "text");
        yield new ModelPart.Text(at.get("text").text());
      }
      case "image_url" -> image(at);
      case "input_audio" -> {
        at.allowOnly("type", "input_audio");
        var audio = at.get("input_audio");
        audio.allowOnly("data", "format");
        yield new ModelPart.Audio(audio.get("data").text(), audio.get("format").text());
      }
      case "audio" -> {
        at.allowOnly("type", "data", "format");
        yield new ModelPart.Audio(at.get("data").text(), at.get("format").textOr("wav"));
      }
      case "file" -> file(at);
      default ->
          throw at.get("type").invalid("'text', 'image_url', 'file', 'input_audio' or 'audio'");
    };
  }

  /** The file is in an object of its own, or beside the type. */
  private static ModelPart file(ChatField at) {
    at.allowOnly("type", "file", "file_id", "filename", "file_data");
    var file = at.get("file").isAbsent() ? at : at.get("file");
    if (file != at) {
      file.allowOnly("file_id", "filename", "file_data");
    }
    var data = file.get("file_data");
    if (data.isAbsent()) {
      return new ModelPart.File(file.get("file_id").text(), null);
    }
    if (!file.get("file_id").isAbsent()) {
      throw data.invalid("either 'file_id' or 'file_data'");
    }
    var name = Bounds.text("filename", file.get("filename").textOr(null), MAX_NAME);
    return new ModelPart.File(null, FileData.parse(data.param(), name, data.text()));
  }

  /** The URL is in an object of its own, or beside the type. */
  private static ModelPart image(ChatField at) {
    at.allowOnly("type", "image_url", "url", "detail");
    var image = at.get("image_url").isAbsent() ? at : at.get("image_url");
    if (image != at) {
      image.allowOnly("url", "detail");
    }
    var url = image.get("url").text();
    if (!url.matches("(?s)(https?://|data:image/).+")) {
      throw image.get("url").invalid("an http(s) address or a data: URL of a picture");
    }
    var detail = image.get("detail").textOr(null);
    if (detail != null && !detail.matches("auto|low|high")) {
      throw image.get("detail").invalid("'auto', 'low' or 'high'");
    }
    return new ModelPart.Image(url, detail);
  }
}
