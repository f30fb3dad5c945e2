package dev.threadmill.lab.memory;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The conversations by which recall is evaluated, with questions and the messages that answer them.
 * docs/memory.md describes the format of the files.
 */
final class EvaluationSet {
  private static final String FOLDER = "/bench/memory/";
  private static final List<String> TUNED =
      List.of(
          "01-two-friends",
          "03-payments-team",
          "05-siblings",
          "07-the-lighthouse-novel",
          "09-exchange-year",
          "17-the-old-mill",
          "18-churn-model",
          "19-colocataires",
          "20-ines-and-marko");
  private static final List<String> HELD_OUT =
      List.of("02-life-admin", "04-support-desk", "06-coach-diary", "08-bakery-crew");
  private static final List<String> OTHER_STYLES =
      List.of(
          "10-backend-pairing",
          "11-two-weeks-in-japan",
          "12-after-the-diagnosis",
          "13-la-mudanza",
          "14-der-schrebergarten",
          "15-notes-to-self",
          "16-the-thesis");
  private static final Pattern LINE = Pattern.compile("([ua])(?:\\.(\\w+))?: (.*)");
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");

  private EvaluationSet() {}

  /** One line of a conversation. */
  record Line(boolean byAssistant, Instant at, String text) {}

  /**
   * A question.
   *
   * @param kind s single fact, p paraphrase, t time, m several messages, k updated fact, a said by
   *     the assistant
   * @param evidence indexes of the lines that answer it
   */
  record EvaluationQuestion(char kind, String text, List<Integer> evidence) {}

  /** A conversation over several sessions. */
  record Conversation(String name, List<Line> lines, List<EvaluationQuestion> questions) {}

  /** The conversations to which the weights of the ranking were fitted. */
  static List<Conversation> tuned() {
    return TUNED.stream().map(EvaluationSet::read).toList();
  }

  /** Conversations of the same kind that were not used for fitting. */
  static List<Conversation> heldOut() {
    return HELD_OUT.stream().map(EvaluationSet::read).toList();
  }

  /** Conversations of other kinds and in other languages that were not used for fitting. */
  static List<Conversation> otherStyles() {
    return OTHER_STYLES.stream().map(EvaluationSet::read).toList();
  }

  /** All conversations. */
  static List<Conversation> all() {
    return Stream.of(tuned(), heldOut(), otherStyles()).flatMap(List::stream).toList();
  }

  private static Conversation read(String name) {
    var lines = new ArrayList<Line>();
    var questions = new ArrayList<EvaluationQuestion>();
    var places = new HashMap<String, Integer>();
    var time = Instant.EPOCH;
    try (var in = EvaluationSet.class.getResourceAsStream(FOLDER + name + ".txt");
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (var line : reader.lines().filter(line -> !line.isBlank()).toList()) {
        switch (line.charAt(0)) {
          case '#' -> {}
          case '=' ->
              time = LocalDateTime.parse(line.substring(2).strip(), TIME).toInstant(ZoneOffset.UTC);
          case '?' -> questions.add(question(line, places));
          default -> {
            var parts = LINE.matcher(line);
            if (!parts.matches()) {
              throw new IllegalStateException(name + ": cannot read: " + line);
            }
            if (parts.group(2) != null) {
              places.put(parts.group(2), lines.size());
            }
            time = time.plusSeconds(40);
            var text = parts.group(3).replace("\\n", "\n");
            lines.add(new Line(parts.group(1).equals("a"), time, text));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Conversation(name, lines, questions);
  }

  private static EvaluationQuestion question(String line, Map<String, Integer> places) {
    var halves = line.split("\\|", 2);
    var labels = halves[0].strip().split("\\s+");
    var evidence = new ArrayList<Integer>();
    for (int i = 1; i < labels.length; i++) {
      var place = places.get(labels[i]);
      if (place == null) {
        throw new IllegalStateException("no line has the label " + labels[i]);
      }
      evidence.add(place);
    }
    return new EvaluationQuestion(labels[0].charAt(1), halves[1].strip(), evidence);
  }
}
