package dev.threadmill.models.response;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.StorableText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Merges fields that only a provider knows, as they arrive with the pieces of a message or a call.
 * They are sent back to the provider, which may need them: signatures of reasoning, for example.
 *
 * <p>Merging takes as long as the pieces are, however many there are. A field that is too large,
 * too deep, or cannot be stored is left out as a whole: half of a signature is worse than none.
 */
final class ExtraFields {
  private static final Logger LOG = Logger.getLogger(ExtraFields.class);

  /** Far below the depth to which stored JSON is read. */
  static final int MAX_DEPTH = 64;

  /** What a value costs beside its characters. */
  private static final int VALUE_COST = 16;

  private static final int LONGEST_LOGGED = 60;

  /** Texts that arrive in pieces; any other text replaces the one before. */
  private static final Set<String> STREAMED = Set.of("text", "summary", "data", "thinking");

  private final Budget budget;
  private final Map<String, Value> fields = new LinkedHashMap<>();
  private final Map<String, Long> costs = new HashMap<>();
  private final Set<String> omitted = new HashSet<>();

  /** How much the fields of one response may hold, its message and all of its calls together. */
  static final class Budget {
    /** In characters, where each value counts {@link #VALUE_COST} more. */
    static final int MAX_CHARACTERS = 4 << 20;

    private long left = MAX_CHARACTERS;
    private boolean wasExceeded;

    private boolean take(long characters) {
      if (characters > left) {
        return false;
      }
      left -= characters;
      return true;
    }
  }

  /** A field that is growing. */
  private sealed interface Value {
    /** Its part of the budget. */
    long cost();

    JsonNode toJson();

    /** Whether all of its texts and names can be stored. */
    boolean isStorable();
  }

  private record Scalar(JsonNode json, long cost) implements Value {
    @Override
    public JsonNode toJson() {
      return json;
    }

    @Override
    public boolean isStorable() {
      return true;
    }
  }

  private record Text(StringBuilder text) implements Value {
    @Override
    public long cost() {
      return VALUE_COST + text.length();
    }

    @Override
    public JsonNode toJson() {
      return JsonNodeFactory.instance.textNode(text.toString());
    }

    @Override
    public boolean isStorable() {
      return StorableText.isStorable(text);
    }
  }

  private record Fields(Map<String, Value> byName) implements Value {
    @Override
    public long cost() {
      long sum = VALUE_COST;
      for (var field : byName.entrySet()) {
        sum += field.getKey().length() + field.getValue().cost();
      }
      return sum;
    }

    @Override
    public ObjectNode toJson() {
      var json = JsonNodeFactory.instance.objectNode();
      byName.forEach((name, value) -> json.set(name, value.toJson()));
      return json;
    }

    @Override
    public boolean isStorable() {
      return byName.entrySet().stream()
          .allMatch(
              field -> StorableText.isStorable(field.getKey()) && field.getValue().isStorable());
    }
  }

  /** What makes elements of a list pieces of one. */
  private record Piece(JsonNode index, JsonNode type) {}

  private record Elements(List<Value> all, Map<Piece, Fields> byPiece) implements Value {
    @Override
    public long cost() {
      return VALUE_COST + all.stream().mapToLong(Value::cost).sum();
    }

    @Override
    public JsonNode toJson() {
      var json = JsonNodeFactory.instance.arrayNode();
      all.forEach(value -> json.add(value.toJson()));
      return json;
    }

    @Override
    public boolean isStorable() {
      return all.stream().allMatch(Value::isStorable);
    }
  }

  /**
   * @param budget shared with the other fields of the response
   */
  ExtraFields(Budget budget) {
    this.budget = budget;
  }

  /** Adds the fields of a piece to those so far. */
  void merge(JsonNode more) {
    for (var field : more.properties()) {
      var name = field.getKey();
      if (omitted.contains(name)) {
        continue;
      }
      long before = budget.left;
      boolean fits = put(fields, name, field.getValue(), 1);
      costs.merge(name, before - budget.left, Long::sum);
      if (!fits) {
        omit(name);
      }
    }
  }

  /** The fields so far. */
  ObjectNode toJson() {
    var json = JsonNodeFactory.instance.objectNode();
    fields.forEach(
        (name, value) -> {
          if (StorableText.isStorable(name) && value.isStorable()) {
            json.set(name, value.toJson());
          }
        });
    return json;
  }

  private void omit(String name) {
    fields.remove(name);
    budget.left += costs.remove(name);
    // Names are remembered within the same bounds as values.
    if (budget.take(VALUE_COST + name.length())) {
      omitted.add(name);
    }
    if (!budget.wasExceeded) {
      budget.wasExceeded = true;
      LOG.warnf(
          "model_field_omitted field=%s reason=too_large",
          name.length() <= LONGEST_LOGGED ? name : name.substring(0, LONGEST_LOGGED));
    }
  }

  /** Returns false if there is no room. Null stands for no value. */
  private boolean put(Map<String, Value> into, String name, JsonNode more, int depth) {
    if (more.isNull()) {
      return true;
    }
    var before = into.get(name);
    if (before instanceof Fields known && more.isObject()) {
      return merge(known, more, depth);
    }
    if (before instanceof Elements known && more.isArray()) {
      return addAll(known, more, depth);
    }
    if (before instanceof Text known && more.isTextual() && STREAMED.contains(name)) {
      return budget.take(more.textValue().length()) && append(known, more.textValue());
    }
    if (before == null) {
      if (!budget.take(name.length())) {
        return false;
      }
    } else {
      budget.left += before.cost();
    }
    var value = copy(more, depth);
    if (value == null) {
      into.remove(name);
      return false;
    }
    into.put(name, value);
    return true;
  }

  private static boolean append(Text known, String more) {
    known.text().append(more);
    return true;
  }

  private boolean merge(Fields known, JsonNode more, int depth) {
    for (var field : more.properties()) {
      if (!put(known.byName(), field.getKey(), field.getValue(), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean addAll(Elements known, JsonNode more, int depth) {
    for (var element : more) {
      if (!add(known, element, depth)) {
        return false;
      }
    }
    return true;
  }

  /** Elements with the same {@code index} and type are pieces of one. */
  private boolean add(Elements list, JsonNode element, int depth) {
    var piece =
        element.path("index").isInt()
            ? new Piece(element.get("index"), element.path("type"))
            : null;
    var known = piece == null ? null : list.byPiece().get(piece);
    if (known != null) {
      return merge(known, element, depth + 1);
    }
    var value = copy(element, depth + 1);
    if (value == null) {
      return false;
    }
    list.all().add(value);
    if (piece != null && value instanceof Fields fields) {
      list.byPiece().put(piece, fields);
    }
    return true;
  }

  /** The value of its own; null if there is no room. */
  private Value copy(JsonNode json, int depth) {
    if (depth > MAX_DEPTH) {
      return null;
    }
    if (json.isObject()) {
      var copy = new Fields(new LinkedHashMap<>());
      return budget.take(VALUE_COST) && merge(copy, json, depth) ? copy : null;
    }
    if (json.isArray()) {
      var copy = new Elements(new ArrayList<>(), new HashMap<>());
      return budget.take(VALUE_COST) && addAll(copy, json, depth) ? copy : null;
    }
    if (json.isTextual()) {
      return budget.take(VALUE_COST + json.textValue().length())
          ? new Text(new StringBuilder(json.textValue()))
          : null;
    }
    long cost = VALUE_COST + (json.isNumber() ? json.asText().length() : 0);
    return budget.take(cost) ? new Scalar(json, cost) : null;
  }
}
