package dev.threadmill.models.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.models.TextToolCalls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Takes tool calls out of the text of a model that writes them there. What looks like a call and
 * cannot be read as one stays text.
 */
final class TextToolCallFilter {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HERMES_BEGIN = "<tool_call>";
  private static final String HERMES_END = "</tool_call>";
  private static final String MISTRAL_BEGIN = "[TOOL_CALLS]";
  private static final String MISTRAL_ARGUMENTS = "[ARGS]";
  private static final String MISTRAL_CALL_ID = "[CALL_ID]";

  private final boolean isHermes;
  private final Consumer<String> text;
  private final BiConsumer<String, String> calls;
  private final StringBuilder pending = new StringBuilder();

  /** No end of a call is before this place of what is pending. */
  private int searched;

  private boolean isInCall;
  private boolean isBehindCall;

  private record Call(String name, String arguments) {}

  /**
   * @param calls is given the name and the arguments of each call
   */
  TextToolCallFilter(
      TextToolCalls format, Consumer<String> text, BiConsumer<String, String> calls) {
    this.isHermes = format == TextToolCalls.HERMES;
    this.text = text;
    this.calls = calls;
  }

  void accept(String piece) {
    Slices.forEach(
        piece,
        slice -> {
          pending.append(slice);
          while (isInCall ? endOfCall() : beginningOfCall()) {}
        });
  }

  /** The text is complete. */
  void end() {
    if (isInCall) {
      emit(pending.toString(), (isHermes ? HERMES_BEGIN : MISTRAL_BEGIN) + pending);
    } else {
      plain(pending.toString());
    }
    pending.setLength(0);
    searched = 0;
    isInCall = false;
  }

  private boolean beginningOfCall() {
    var tag = isHermes ? HERMES_BEGIN : MISTRAL_BEGIN;
    int at = pending.indexOf(tag);
    if (at < 0) {
      int safe = pending.length() - ThinkTags.beginningOfTag(pending, List.of(tag));
      plain(pending.substring(0, safe));
      pending.delete(0, safe);
      return false;
    }
    plain(pending.substring(0, at));
    pending.delete(0, at + tag.length());
    isInCall = true;
    return true;
  }

  /** Calls in the form of Mistral go on to the end of the text. */
  private boolean endOfCall() {
    int at = isHermes ? pending.indexOf(HERMES_END, searched) : -1;
    if (at < 0) {
      searched = Math.max(0, pending.length() - HERMES_END.length() + 1);
      return false;
    }
    searched = 0;
    var body = pending.substring(0, at);
    pending.delete(0, at + HERMES_END.length());
    isInCall = false;
    emit(body, HERMES_BEGIN + body + HERMES_END);
    return true;
  }

  private void emit(String body, String asWritten) {
    var read = isHermes ? json(body) : mistral(body);
    if (read.isEmpty()) {
      plain(asWritten);
    } else {
      read.forEach(call -> calls.accept(call.name(), call.arguments()));
      isBehindCall = true;
    }
  }

  /** Space between calls and behind them separates nothing. */
  private void plain(String more) {
    if (!more.isEmpty() && !(isBehindCall && more.isBlank())) {
      text.accept(more);
    }
  }

  private static List<Call> mistral(String body) {
    if (body.stripLeading().startsWith("[") || body.stripLeading().startsWith("{")) {
      return json(body);
    }
    var read = new ArrayList<Call>();
    for (var part : body.split(Pattern.quote(MISTRAL_BEGIN))) {
      int brace = part.indexOf('{');
      if (brace < 0) {
        return List.of();
      }
      var name = part.substring(0, brace).replace(MISTRAL_ARGUMENTS, "").strip();
      int id = name.indexOf(MISTRAL_CALL_ID);
      var arguments = firstObject(part.substring(brace));
      name = id < 0 ? name : name.substring(0, id);
      if (name.isEmpty() || arguments == null) {
        return List.of();
      }
      read.add(new Call(name, arguments.toString()));
    }
    return read;
  }

  /** A call, several of them in a row, or a list of calls. */
  private static List<Call> json(String body) {
    var read = new ArrayList<Call>();
    try (MappingIterator<JsonNode> values = JSON.readerFor(JsonNode.class).readValues(body)) {
      while (values.hasNextValue()) {
        var value = values.nextValue();
        for (var each : value.isArray() ? value : List.of(value)) {
          var function = each.path("function").isObject() ? each.path("function") : each;
          var arguments =
              function.has("arguments") ? function.get("arguments") : function.path("parameters");
          if (!function.path("name").isTextual()) {
            return List.of();
          }
          read.add(new Call(function.get("name").textValue(), argumentText(arguments)));
        }
      }
    } catch (IOException | RuntimeException _) {
      return List.of();
    }
    return read;
  }

  private static String argumentText(JsonNode arguments) {
    return arguments.isTextual()
        ? arguments.textValue()
        : arguments.isObject() ? arguments.toString() : "{}";
  }

  private static JsonNode firstObject(String text) {
    try (var parser = JSON.createParser(text)) {
      JsonNode value = parser.readValueAsTree();
      return value != null && value.isObject() ? value : null;
    } catch (IOException _) {
      return null;
    }
  }
}
