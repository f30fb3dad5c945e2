package dev.threadmill.memory.text;

import dev.threadmill.search.TextQuery;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A question to the memory, parsed.
 *
 * @param query what the index is searched for
 * @param time the time to which the question refers, if it names one
 * @param asksForLatest whether the present state of things is asked for
 */
public record MemoryQuery(
    TextQuery query,
    Optional<TimeExpressions.TimeRange> time,
    boolean asksWhen,
    boolean asksHowMany,
    boolean asksWho,
    boolean asksOfAssistant,
    boolean asksForLatest) {
  /** Of a longer question only so many characters at either end are used. */
  private static final int MAX_END = 600;

  private static final Pattern WHEN =
      any(
          "when|what (?:date|day|month|year|time)|which (?:date|day|month|year)|how long ago"
              + "|until when|by when|wann|cuándo|cuando|quand|quando");
  private static final Pattern HOW_MANY =
      any(
          "how (?:much|many|long|old|tall|heavy|high|far|fast|often)"
              + "|what (?:number|amount|price|salary|cost|speed|time|size)|cost|price|number"
              + "|wie ?viele?|wie (?:hoch|lang|alt|oft)|cuánt[oa]s?|combien|quant[oaie]");
  private static final Pattern WHO = any("who|whose|whom|name|named|called|wer|wem|quién|qui|chi");
  private static final Pattern OF_ASSISTANT = any("you|your");

  /** Courtesies that address the assistant and do not ask what it said. */
  private static final Pattern COURTESY =
      any(
          "(?:can|could|would|will|do|did) you (?:please |still |perhaps |maybe |happen to |just )*"
              + "(?:remind|tell|remember|recall|know|say|help|find|list|give|let|think)");

  private static final Pattern LATEST =
      any("now|nowadays|currently|current|latest|these days|at the moment|today|still|by now");

  /** Parses a question. Of a very long one only the beginning and the end are used. */
  public static MemoryQuery of(String question, Instant now) {
    var text = shortened(question.strip());
    return new MemoryQuery(
        TextQuery.of(text),
        TimeExpressions.in(text, now),
        WHEN.matcher(text).find(),
        HOW_MANY.matcher(text).find(),
        WHO.matcher(text).find(),
        OF_ASSISTANT.matcher(COURTESY.matcher(text).replaceAll(" ")).find(),
        LATEST.matcher(text).find());
  }

  private static String shortened(String text) {
    if (text.length() <= 2 * MAX_END) {
      return text;
    }
    return text.substring(0, MAX_END) + " … " + text.substring(text.length() - MAX_END);
  }

  private static Pattern any(String alternatives) {
    return Pattern.compile(
        "\\b(?:" + alternatives + ")\\b",
        Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);
  }
}
