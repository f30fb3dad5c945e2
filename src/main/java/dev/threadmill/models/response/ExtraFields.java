package dev.threadmill.models.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Set;

/**
 * Merges fields that only a provider knows, as they arrive with the pieces of a message or a call.
 * They are sent back to the provider, which may need them: signatures of reasoning, for example.
 */
final class ExtraFields {
  private static final int MAX_CHARACTERS = 1 << 20;

  /** Texts that arrive in pieces; any other text replaces the one before. */
  private static final Set<String> STREAMED = Set.of("text", "summary", "data", "thinking");

  private ExtraFields() {}

  /** Adds the fields of a piece to those so far. */
  static void merge(ObjectNode all, JsonNode more) {
    more.properties()
        .forEach(
            field -> {
              if (!field.getValue().isNull()) {
                all.set(
                    field.getKey(),
                    merged(field.getKey(), all.get(field.getKey()), field.getValue()));
              }
            });
  }

  private static JsonNode merged(String name, JsonNode before, JsonNode more) {
    if (before instanceof ObjectNode object && more.isObject()) {
      merge(object, more);
      return object;
    }
    if (before instanceof ArrayNode list && more.isArray()) {
      more.forEach(element -> add(list, element));
      return list;
    }
    if (before != null && before.isTextual() && more.isTextual() && STREAMED.contains(name)) {
      var text = before.textValue() + more.textValue();
      return text.length() > MAX_CHARACTERS ? before : TextNode.valueOf(text);
    }
    return more.deepCopy();
  }

  /** Elements with the same {@code index} and type are pieces of one. */
  private static void add(ArrayNode list, JsonNode element) {
    if (element.path("index").isInt()) {
      for (var known : list) {
        if (known instanceof ObjectNode object
            && known.path("index").equals(element.get("index"))
            && known.path("type").equals(element.path("type"))) {
          merge(object, element);
          return;
        }
      }
    }
    list.add(element.deepCopy());
  }
}
