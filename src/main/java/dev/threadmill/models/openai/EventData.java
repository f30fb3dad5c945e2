package dev.threadmill.models.openai;

/**
 * The data of an event, without what gateways add to it.
 *
 * @param json one or more JSON values, or plain text
 * @param isEnd whether it marks the end of the stream
 */
record EventData(String json, boolean isEnd) {
  private static final String END = "[DONE]";
  private static final String FIELD = "data:";

  /** Reads data; a repeated field name, or the mark of the end behind other data, is taken off. */
  static EventData of(String data) {
    var rest = data.strip();
    while (rest.startsWith(FIELD)) {
      rest = rest.substring(FIELD.length()).stripLeading();
    }
    boolean isEnd = rest.endsWith(END);
    return new EventData(
        isEnd ? rest.substring(0, rest.length() - END.length()).strip() : rest, isEnd);
  }

  /** Whether it is no JSON but words, such as what keeps a connection alive, or nothing. */
  boolean isPlainText() {
    return json.isEmpty() || Character.isLetter(json.charAt(0)) && !json.matches("true|false|null");
  }
}
