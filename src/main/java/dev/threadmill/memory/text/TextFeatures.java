package dev.threadmill.memory.text;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What the ranking wants to know of a text, besides its words and its meaning, packed into one
 * integer that is stored with it.
 */
public record TextFeatures(int bits) {
  private static final int QUESTION = 1;
  private static final int FIRST_PERSON = 1 << 1;
  private static final int TIME = 1 << 2;
  private static final int NUMBER = 1 << 3;
  private static final int NAME = 1 << 4;
  private static final int ASSISTANT = 1 << 5;
  private static final int LENGTH_SHIFT = 8;
  private static final int LONGEST = 40;

  private static final Pattern ENDS_AS_QUESTION = Pattern.compile("[?？؟][\\s!.)\"”»]*$");
  private static final Pattern FIRST_PERSON_WORDS =
      word("i|my|me|we|our|us|mine|ich|mein|meine|wir|yo|mi|mis|je|mon|ma|mes|nous|eu|meu|io|mio");
  private static final Pattern TIME_WORDS =
      word(
          "\\d{1,2}(?:st|nd|rd|th)?|\\d{4}|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
              + "|january|february|march|april|may|june|july|august|september|october|november"
              + "|december|yesterday|today|tomorrow|tonight|last|next|week|month|year|morning|ago"
              + "|christmas|easter|spring|summer|autumn|winter|weekend");
  private static final Pattern DIGIT = Pattern.compile("\\p{Nd}");
  private static final Pattern INNER_NAME = Pattern.compile("(?<=[\\p{Ll},] )\\p{Lu}\\p{Ll}+");

  /** The traits of a text. */
  public static TextFeatures of(String text, List<String> terms, boolean byAssistant) {
    int bits = Math.min(terms.size(), LONGEST) << LENGTH_SHIFT;
    bits |= ENDS_AS_QUESTION.matcher(text).find() ? QUESTION : 0;
    bits |= FIRST_PERSON_WORDS.matcher(text).find() ? FIRST_PERSON : 0;
    bits |= TIME_WORDS.matcher(text).find() ? TIME : 0;
    bits |= DIGIT.matcher(text).find() ? NUMBER : 0;
    bits |= INNER_NAME.matcher(text).find() ? NAME : 0;
    bits |= byAssistant ? ASSISTANT : 0;
    return new TextFeatures(bits);
  }

  private static Pattern word(String alternatives) {
    return Pattern.compile("\\b(?:" + alternatives + ")\\b", Pattern.CASE_INSENSITIVE);
  }

  /** Whether it ends as a question does. */
  public boolean isQuestion() {
    return (bits & QUESTION) != 0;
  }

  /** Whether who says it speaks of themselves. */
  public boolean isFirstPerson() {
    return (bits & FIRST_PERSON) != 0;
  }

  /** Whether it names a day, a date or another time. */
  public boolean mentionsTime() {
    return (bits & TIME) != 0;
  }

  /** Whether it has a digit. */
  public boolean mentionsNumber() {
    return (bits & NUMBER) != 0;
  }

  /** Whether it has a capital within a sentence, as names do. */
  public boolean mentionsName() {
    return (bits & NAME) != 0;
  }

  /** Whether the assistant said it. */
  public boolean byAssistant() {
    return (bits & ASSISTANT) != 0;
  }

  /** How many terms it has, up to a bound. */
  public int length() {
    return bits >> LENGTH_SHIFT;
  }
}
