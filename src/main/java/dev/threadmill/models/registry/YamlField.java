package dev.threadmill.models.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A value of the models file with its path, for errors. A null counts as absent. */
record YamlField(String file, String name, JsonNode value) {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|)");
  private static final int MOST_DOLLARS = 1_000_000;
  private static final Duration LONGEST = Duration.ofDays(1);

  YamlField {
    value = value == null || value.isNull() ? MissingNode.getInstance() : value;
  }

  YamlField get(String field) {
    return new YamlField(file, name.isEmpty() ? field : name + "." + field, value.get(field));
  }

  boolean isAbsent() {
    return value.isMissingNode();
  }

  ModelsFileException wrong(String problem) {
    return new ModelsFileException(file, name.isEmpty() ? "the file" : name, problem);
  }

  /** Refuses any other field. */
  void allowOnly(Set<String> known) {
    for (var field : fields().keySet()) {
      if (!known.contains(field)) {
        throw get(field).wrong("is not a setting; there are " + known.stream().sorted().toList());
      }
    }
  }

  Map<String, YamlField> fields() {
    if (!isAbsent() && !value.isObject()) {
      throw wrong("must be a map");
    }
    var fields = new LinkedHashMap<String, YamlField>();
    value.fieldNames().forEachRemaining(field -> fields.put(field, get(field)));
    return fields;
  }

  List<YamlField> elements() {
    if (!isAbsent() && !value.isArray()) {
      throw wrong("must be a list");
    }
    var elements = new ArrayList<YamlField>();
    for (int i = 0; i < value.size(); i++) {
      elements.add(new YamlField(file, name + "[" + i + "]", value.get(i)));
    }
    return elements;
  }

  Optional<String> text() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isValueNode() || value.asText().isBlank()) {
      throw wrong("must be text");
    }
    return Optional.of(value.asText().strip());
  }

  Optional<Boolean> bool() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw wrong("must be true or false");
    }
    return Optional.of(value.booleanValue());
  }

  /** One of the constants of an enumeration, in lower case. */
  <T extends Enum<T>> Optional<T> constant(Class<T> type) {
    return text()
        .map(
            text ->
                Stream.of(type.getEnumConstants())
                    .filter(constant -> constant.name().toLowerCase(Locale.ROOT).equals(text))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            wrong(
                                "'%s' is none of %s"
                                    .formatted(
                                        text,
                                        Stream.of(type.getEnumConstants())
                                            .map(each -> each.name().toLowerCase(Locale.ROOT))
                                            .toList()))));
  }

  /** A duration such as {@code 90s}, {@code 5m} or {@code 500ms}; a number is in seconds. */
  Optional<Duration> duration() {
    return text().map(this::duration);
  }

  private Duration duration(String text) {
    var parts = DURATION.matcher(text);
    if (!parts.matches()) {
      throw wrong("must be a duration such as 90s, 5m or 500ms");
    }
    long number = Long.parseLong(parts.group(1));
    var duration =
        switch (parts.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofSeconds(number);
        };
    if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
      throw wrong("must be longer than 0 and no longer than a day");
    }
    return duration;
  }

  Optional<Integer> positive() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isInt() || value.intValue() < 1) {
      throw wrong("must be a whole number above 0");
    }
    return Optional.of(value.intValue());
  }

  /** An amount of money that must be there. */
  BigDecimal amount() {
    if (!value.isNumber() || value.doubleValue() < 0 || value.doubleValue() > MOST_DOLLARS) {
      throw wrong("must be a number of US dollars a million tokens, from 0 to " + MOST_DOLLARS);
    }
    return value.decimalValue();
  }

  /** As {@link #amount}, or null if it is left out. */
  BigDecimal amountOrNull() {
    return isAbsent() ? null : amount();
  }
}
