package dev.threadmill.memory.text;

import java.util.regex.Pattern;

/**
 * Features of a text for the ranking, besides its words and its vector, as flags that are stored
 * with its index entry.
 *
 * @param flags eight bits
 */
public record TextFeatures(int flags) {
  /** The bit of facts, which the index sets when it is read. */
  public static final int FACT_SHIFT = 6;

  private static final int QUESTION = 1;
  private static final int FIRST_PERSON = 1 << 1;
  private static final int TIME = 1 << 2;
  private static final int NUMBER = 1 << 3;
  private static final int NAME = 1 << 4;
  private static final int ASSISTANT = 1 << 5;
  private static final int FACT = 1 << FACT_SHIFT;

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

  /** The features of a text. */
  public static TextFeatures of(String text, boolean byAssistant) {
    int flags = 0;
    flags |= ENDS_AS_QUESTION.matcher(text).find() ? QUESTION : 0;
    flags |= FIRST_PERSON_WORDS.matcher(text).find() ? FIRST_PERSON : 0;
    flags |= TIME_WORDS.matcher(text).find() ? TIME : 0;
    flags |= DIGIT.matcher(text).find() ? NUMBER : 0;
    flags |= INNER_NAME.matcher(text).find() ? NAME : 0;
    flags |= byAssistant ? ASSISTANT : 0;
    return new TextFeatures(flags);
  }

  private static Pattern word(String alternatives) {
    return Pattern.compile("\\b(?:" + alternatives + ")\\b", Pattern.CASE_INSENSITIVE);
  }

  /** Whether the text ends with a question mark. */
  public boolean isQuestion() {
    return (flags & QUESTION) != 0;
  }

  /** Whether the text has a pronoun of the first person. */
  public boolean isFirstPerson() {
    return (flags & FIRST_PERSON) != 0;
  }

  /** Whether the text mentions a day, a date or another time. */
  public boolean mentionsTime() {
    return (flags & TIME) != 0;
  }

  /** Whether the text has a digit. */
  public boolean mentionsNumber() {
    return (flags & NUMBER) != 0;
  }

  /** Whether the text has a capitalised word within a sentence. */
  public boolean mentionsName() {
    return (flags & NAME) != 0;
  }

  /** Whether the text is a message of the assistant. */
  public boolean byAssistant() {
    return (flags & ASSISTANT) != 0;
  }

  /** Whether the text is a fact. */
  public boolean isFact() {
    return (flags & FACT) != 0;
  }
}
