package dev.threadmill.api;

import java.util.Collection;
import java.util.List;

/**
 * Checks of body fields. Every check returns the value, or throws a 400 that names the field. Null,
 * which stands for a missing field, passes all checks but {@link #required}.
 */
public final class Bounds {
  private Bounds() {}

  /** A required field. */
  public static <T> T required(String param, T value) {
    if (value == null) {
      throw ApiException.missing(param);
    }
    return value;
  }

  /** A required text that is not empty. */
  public static String requiredText(String param, String text, int max) {
    if (required(param, text).isEmpty()) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': empty string. Expected a string with minimum length 1.".formatted(param));
    }
    return text(param, text, max);
  }

  /** A text of at most {@code max} code points. */
  public static String text(String param, String text, int max) {
    if (text != null && text.length() > max) {
      int length = text.codePointCount(0, text.length());
      if (length > max) {
        throw ApiException.invalid(
            param,
            "string_above_max_length",
            "Invalid '%s': string too long. Expected a string with maximum length %d, but got a string with length %d instead."
                .formatted(param, max, length));
      }
    }
    return text;
  }

  /** A number within inclusive bounds. */
  public static Double number(String param, Double value, double min, double max) {
    // Written so that NaN fails as well.
    if (value != null && !(value >= min && value <= max)) {
      throw outside(param, value, min, max);
    }
    return value;
  }

  /** An integer within inclusive bounds. */
  public static Integer integer(String param, Integer value, int min, int max) {
    if (value != null && (value < min || value > max)) {
      throw outside(param, value, min, max);
    }
    return value;
  }

  /** A list of at most {@code max} elements, none of them null. */
  public static <T> List<T> list(String param, List<T> list, int max) {
    if (list == null) {
      return null;
    }
    atMost(param, list, max);
    // Not indexOf(null), for which an immutable list throws.
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i) == null) {
        throw ApiException.invalid(
            "%s[%d]".formatted(param, i),
            "invalid_type",
            "Invalid type for '%s[%d]': got null.".formatted(param, i));
      }
    }
    return List.copyOf(list);
  }

  /** A value of at most {@code max} characters as JSON, for what each run keeps in memory. */
  public static <T> T json(String param, T value, int max) {
    int length = value == null ? 0 : Json.write(value).length();
    if (length > max) {
      throw ApiException.invalid(
          param,
          "Invalid '%s': too long. Expected at most %d characters of JSON, but got %d instead."
              .formatted(param, max, length));
    }
    return value;
  }

  private static void atMost(String param, Collection<?> list, int max) {
    if (list.size() > max) {
      throw ApiException.invalid(
          param,
          "array_above_max_length",
          "Invalid '%s': array too long. Expected an array with maximum length %d, but got an array with length %d instead."
              .formatted(param, max, list.size()));
    }
  }

  private static ApiException outside(String param, Number value, Number min, Number max) {
    return ApiException.invalid(
        param,
        "Invalid '%s': expected a value from %s to %s, got %s."
            .formatted(param, plain(min), plain(max), plain(value)));
  }

  private static String plain(Number number) {
    return number.doubleValue() == number.longValue()
        ? Long.toString(number.longValue())
        : number.toString();
  }
}
