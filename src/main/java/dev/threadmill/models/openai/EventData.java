package dev.threadmill.models.openai;

import java.util.Set;

/**
 * The data of an event, without what gateways add to it.
 *
 * @param json one or more JSON values, or plain text
 * @param isEnd whether it marks the end of the stream
 */
record EventData(String json, boolean isEnd) {
  private static final String END = "[DONE]";
  private static final String FIELD = "data:";
  private static final Set<String> LITERALS = Set.of("true", "false", "null");

  /** Reads data; a repeated field name, or the mark of the end behind other data, is taken off. */
  static EventData of(String data) {
    int start = indexOfText(data, 0);
    while (data.startsWith(FIELD, start)) {
      start = indexOfText(data, start + FIELD.length());
    }
    var rest = data.substring(start).stripTrailing();
    boolean isEnd = rest.endsWith(END);
    return new EventData(
        isEnd ? rest.substring(0, rest.length() - END.length()).strip() : rest, isEnd);
  }

  private static int indexOfText(String data, int from) {
    int index = from;
    while (index < data.length() && Character.isWhitespace(data.charAt(index))) {
      index++;
    }
    return index;
  }

  /** Whether it is no JSON but words, such as what keeps a connection alive, or nothing. */
  boolean isPlainText() {
    return json.isEmpty() || Character.isLetter(json.charAt(0)) && !LITERALS.contains(json);
  }
}
