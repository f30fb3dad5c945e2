package dev.threadmill.runs.execution;

import java.util.LinkedHashMap;
import java.util.Map;

/** Fields of objects on the wire, in the order in which they are written. */
final class JsonFields {
  private JsonFields() {}

  /**
   * An object.
   *
   * @param namesAndValues a name, its value, the next name and so on
   */
  static Map<String, Object> ordered(Object... namesAndValues) {
    var map = new LinkedHashMap<String, Object>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }
}
