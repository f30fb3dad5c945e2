package dev.threadmill.vectorstores.search;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.StorableText;
import dev.threadmill.db.Tx;
import dev.threadmill.vectorstores.Attributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A condition on the attributes of files. */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type",
    visible = true)
@JsonSubTypes({
  @JsonSubTypes.Type(name = "eq", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "ne", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "gt", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "gte", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "lt", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "lte", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "in", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "nin", value = AttributeFilter.Comparison.class),
  @JsonSubTypes.Type(name = "and", value = AttributeFilter.Compound.class),
  @JsonSubTypes.Type(name = "or", value = AttributeFilter.Compound.class),
})
public sealed interface AttributeFilter {
  int MAX_DEPTH = 8;
  int MAX_CONDITIONS = 64;

  /**
   * SQL over files {@code f}.
   *
   * @param params receives the parameters
   */
  String sql(List<Object> params);

  /** The number of conditions. */
  int conditions();

  /** How many filters are nested in each other. */
  int depth();

  /**
   * A comparison of an attribute with a value. A file without the attribute fits ne and nin only.
   */
  record Comparison(Operator type, String key, JsonNode value) implements AttributeFilter {
    private static final int MAX_KEY = 64;
    private static final int MAX_VALUE = 512;
    private static final int MAX_VALUES = 200;

    /** How they are compared. */
    public enum Operator {
      @JsonProperty("eq")
      EQ,
      @JsonProperty("ne")
      NE,
      @JsonProperty("gt")
      GT,
      @JsonProperty("gte")
      GTE,
      @JsonProperty("lt")
      LT,
      @JsonProperty("lte")
      LTE,
      @JsonProperty("in")
      IN,
      @JsonProperty("nin")
      NIN
    }

    @JsonCreator
    public Comparison {
      StorableText.require("key", Bounds.requiredText("key", key, MAX_KEY));
      Bounds.required("value", value);
      switch (type) {
        case IN, NIN -> requireList(value);
        case EQ, NE -> requireScalar("value", value);
        case GT, GTE, LT, LTE -> {
          requireScalar("value", value);
          if (value.isBoolean()) {
            throw invalidType("value", "a number or a string");
          }
        }
      }
    }

    private static void requireList(JsonNode value) {
      if (!value.isArray()) {
        throw invalidType("value", "an array");
      }
      if (value.size() > MAX_VALUES) {
        throw ApiException.invalid(
            "value",
            "array_above_max_length",
            "Invalid 'value': array too long. Expected an array with maximum length %d, but got an array with length %d instead."
                .formatted(MAX_VALUES, value.size()));
      }
      for (int i = 0; i < value.size(); i++) {
        requireScalar("value[%d]".formatted(i), value.get(i));
      }
    }

    private static void requireScalar(String param, JsonNode value) {
      if (!value.isTextual() && !value.isNumber() && !value.isBoolean()) {
        throw invalidType(param, "a string, a number or a boolean");
      }
      Attributes.requireFinite(param, value);
      if (value.isTextual()) {
        Bounds.text(param, StorableText.require(param, value.textValue()), MAX_VALUE);
      }
    }

    private static ApiException invalidType(String param, String expected) {
      return ApiException.invalid(
          param, "invalid_type", "Invalid type for '%s': expected %s.".formatted(param, expected));
    }

    @Override
    public String sql(List<Object> params) {
      return switch (type) {
        case EQ -> contains(params, value);
        case NE -> "NOT " + contains(params, value);
        case IN -> anyOf(params);
        case NIN -> "NOT " + anyOf(params);
        case GT -> compared(params, ">");
        case GTE -> compared(params, ">=");
        case LT -> compared(params, "<");
        case LTE -> compared(params, "<=");
      };
    }

    private String contains(List<Object> params, JsonNode wanted) {
      params.add(Tx.json(Map.of(key, wanted)));
      return "(f.attributes @> ?)";
    }

    private String anyOf(List<Object> params) {
      if (value.isEmpty()) {
        return "(FALSE)";
      }
      var each = new ArrayList<String>();
      value.forEach(wanted -> each.add(contains(params, wanted)));
      return "(" + String.join(" OR ", each) + ")";
    }

    private String compared(List<Object> params, String operator) {
      params.add(key);
      params.add(key);
      if (value.isNumber()) {
        params.add(value.decimalValue());
        return """
        (CASE WHEN jsonb_typeof(f.attributes -> ?) = 'number'
          THEN (f.attributes ->> ?)::numeric %s ?::numeric ELSE FALSE END)\
        """
            .formatted(operator);
      }
      params.add(value.textValue());
      return """
      (CASE WHEN jsonb_typeof(f.attributes -> ?) = 'string'
        THEN (f.attributes ->> ?) COLLATE "C" %s ? ELSE FALSE END)\
      """
          .formatted(operator);
    }

    @Override
    public int conditions() {
      return value.isArray() ? Math.max(1, value.size() / 4) : 1;
    }

    @Override
    public int depth() {
      return 1;
    }
  }

  /** Several conditions. */
  record Compound(Connective type, List<AttributeFilter> filters) implements AttributeFilter {
    /** Whether all or any of them must hold. */
    public enum Connective {
      @JsonProperty("and")
      AND,
      @JsonProperty("or")
      OR
    }

    @JsonCreator
    public Compound {
      filters = Bounds.list("filters", Bounds.required("filters", filters), MAX_CONDITIONS);
      if (filters.isEmpty()) {
        throw ApiException.invalid("filters", "Invalid 'filters': expected at least one filter.");
      }
      int depth = filters.stream().mapToInt(AttributeFilter::depth).max().orElse(0) + 1;
      int conditions = filters.stream().mapToInt(AttributeFilter::conditions).sum();
      if (depth > MAX_DEPTH || conditions > MAX_CONDITIONS) {
        throw ApiException.invalid(
            "filters",
            "Invalid 'filters': expected at most %d conditions, nested at most %d deep."
                .formatted(MAX_CONDITIONS, MAX_DEPTH));
      }
    }

    @Override
    public String sql(List<Object> params) {
      var operator = type == Connective.AND ? " AND " : " OR ";
      return "("
          + String.join(operator, filters.stream().map(filter -> filter.sql(params)).toList())
          + ")";
    }

    @Override
    public int conditions() {
      return filters.stream().mapToInt(AttributeFilter::conditions).sum();
    }

    @Override
    public int depth() {
      return filters.stream().mapToInt(AttributeFilter::depth).max().orElse(0) + 1;
    }
  }
}
