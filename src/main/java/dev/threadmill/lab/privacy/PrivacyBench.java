package dev.threadmill.lab.privacy;

import dev.threadmill.privacy.detect.EntityKind;
import dev.threadmill.privacy.detect.PersonalData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * {@code ./threadmill bench privacy}: how much of generated personal data is found, and how much is
 * found in ordinary text that has none.
 */
public final class PrivacyBench {
  /** The purpose of the benchmark in one line. */
  public static final String SUMMARY = "recall and false alarms of the search for personal data";

  /** What is known by its form or check digits; the others depend on their context. */
  public static final Set<EntityKind> STRUCTURED =
      Set.of(
          EntityKind.EMAIL,
          EntityKind.PHONE,
          EntityKind.CREDIT_CARD,
          EntityKind.IBAN,
          EntityKind.NATIONAL_ID,
          EntityKind.IP_ADDRESS,
          EntityKind.SECRET);

  /** What is aimed at for structured kinds. */
  public static final double LEAST_RECALL = 0.98;

  /** What is aimed at for all kinds together, in ordinary text. */
  public static final double MOST_ALARMS_PER_THOUSAND_WORDS = 1;

  private static final int SAMPLES = 200;

  private static final List<String> ORDINARY =
      List.of(
          "/bench/privacy/ordinary.txt",
          "/bench/search/texts-en.txt",
          "/bench/search/texts-de.txt");

  private PrivacyBench() {}

  /** Of one kind: how many there are, how many were found whole, and what was found wrongly. */
  public record Result(int samples, int found, List<String> missed, List<String> alarms) {
    public double recall() {
      return samples == 0 ? 1 : (double) found / samples;
    }
  }

  /**
   * The result of a measurement.
   *
   * @param words of the ordinary text
   */
  public record Results(Map<EntityKind, Result> byKind, int words) {
    public double alarmsPerThousandWords() {
      int alarms = byKind.values().stream().mapToInt(each -> each.alarms().size()).sum();
      return 1000.0 * alarms / words;
    }
  }

  /**
   * Runs the benchmark.
   *
   * @return the exit code: 0 if it was measured, 2 for invalid arguments
   */
  public static int run(List<String> arguments) {
    boolean shows = arguments.equals(List.of("--show"));
    if (!arguments.isEmpty() && !shows) {
      System.err.println("Usage: ./threadmill bench privacy [--show]");
      return 2;
    }
    print(measure(SAMPLES), shows);
    return 0;
  }

  /** Measures with so many samples of each form. */
  public static Results measure(int samples) {
    var found = new EnumMap<EntityKind, int[]>(EntityKind.class);
    var missed = new EnumMap<EntityKind, List<String>>(EntityKind.class);
    var alarms = new EnumMap<EntityKind, List<String>>(EntityKind.class);
    for (var kind : EntityKind.values()) {
      found.put(kind, new int[2]);
      missed.put(kind, new ArrayList<>());
      alarms.put(kind, new ArrayList<>());
    }
    for (var sample : GenerateEntities.samples(samples)) {
      found.get(sample.kind())[0]++;
      if (isHidden(sample)) {
        found.get(sample.kind())[1]++;
      } else {
        missed.get(sample.kind()).add(sample.text());
      }
    }
    int words = 0;
    for (var name : ORDINARY) {
      var text = read(name);
      words += words(text);
      for (var finding : PersonalData.find(text, EntityKind.ALL)) {
        alarms.get(finding.kind()).add(text.substring(finding.start(), finding.end()));
      }
    }
    var results = new EnumMap<EntityKind, Result>(EntityKind.class);
    for (var kind : EntityKind.values()) {
      results.put(
          kind,
          new Result(found.get(kind)[0], found.get(kind)[1], missed.get(kind), alarms.get(kind)));
    }
    return new Results(results, words);
  }

  /** Whether all of the value is replaced as its kind. */
  private static boolean isHidden(GenerateEntities.Sample sample) {
    int start = sample.text().indexOf(sample.value());
    int end = start + sample.value().length();
    return PersonalData.find(sample.text(), EntityKind.ALL).stream()
        .anyMatch(
            finding ->
                finding.kind() == sample.kind()
                    && finding.start() <= start
                    && finding.end() >= end);
  }

  /** Words between spaces; a text without spaces has about one word for each two characters. */
  private static int words(String text) {
    int words = 0;
    for (var word : text.split("\\s+")) {
      long ideographs = word.codePoints().filter(PrivacyBench::isEastern).count();
      words += ideographs > 2 ? (int) (ideographs / 2) : 1;
    }
    return words;
  }

  private static boolean isEastern(int c) {
    return switch (Character.UnicodeScript.of(c)) {
      case HAN, HIRAGANA, KATAKANA -> true;
      default -> false;
    };
  }

  private static String read(String name) {
    try (var in = PrivacyBench.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void print(Results results, boolean shows) {
    System.out.printf("%-14s %8s %8s %8s%n", "entity", "samples", "recall", "alarms");
    results
        .byKind()
        .forEach(
            (kind, result) -> {
              System.out.printf(
                  Locale.ROOT,
                  "%-14s %8d %8.4f %8d%n",
                  kind.wireName(),
                  result.samples(),
                  result.recall(),
                  result.alarms().size());
              if (shows) {
                result.missed().stream()
                    .limit(10)
                    .forEach(text -> System.out.println("  missed: " + text));
                result.alarms().forEach(text -> System.out.println("  alarm: " + text));
              }
            });
    System.out.printf(
        Locale.ROOT,
        "%nordinary text: %,d words, %.2f false alarms in 1,000 words (aim: at most %.0f)%n",
        results.words(),
        results.alarmsPerThousandWords(),
        MOST_ALARMS_PER_THOUSAND_WORDS);
    double least =
        results.byKind().entrySet().stream()
            .filter(each -> STRUCTURED.contains(each.getKey()))
            .mapToDouble(each -> each.getValue().recall())
            .min()
            .orElse(0);
    System.out.printf(
        Locale.ROOT,
        "structured kinds: least recall %.4f (aim: at least %.2f)%n",
        least,
        LEAST_RECALL);
  }
}
