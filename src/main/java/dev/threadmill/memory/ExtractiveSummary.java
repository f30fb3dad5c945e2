package dev.threadmill.memory;

import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.search.TermAnalyzer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Summarizes without a model, for the rehearsal model: the sentences with the most frequent terms,
 * in their order.
 */
final class ExtractiveSummary {
  private static final int MOST_SENTENCES = 12;
  private static final int LONGEST_SENTENCE = 300;

  private ExtractiveSummary() {}

  private record Sentence(int place, String text, List<String> terms) {}

  /**
   * @param before the summary so far; null if there is none
   */
  static String of(String before, List<TextStore.MessageText> messages) {
    var sentences = new ArrayList<Sentence>();
    if (before != null) {
      before.lines().forEach(line -> add(sentences, line));
    }
    for (var message : messages) {
      if (!message.text().isBlank()) {
        add(
            sentences,
            (message.byAssistant() ? "Assistant: " : "User: ") + clipped(message.text()));
      }
    }
    Map<String, Integer> frequency = new HashMap<>();
    sentences.forEach(
        sentence ->
            new HashSet<>(sentence.terms())
                .forEach(term -> frequency.merge(term, 1, Integer::sum)));
    return String.join(
        "\n",
        sentences.stream()
            .sorted(Comparator.comparingDouble((Sentence s) -> -weight(s, frequency)))
            .limit(MOST_SENTENCES)
            .sorted(Comparator.comparingInt(Sentence::place))
            .map(Sentence::text)
            .toList());
  }

  private static void add(List<Sentence> sentences, String text) {
    if (!text.isBlank()) {
      sentences.add(
          new Sentence(
              sentences.size(),
              text.strip(),
              TermAnalyzer.terms(text).stream().map(TermAnalyzer.Term::base).toList()));
    }
  }

  /**
   * The weight of a sentence: the frequencies of its terms, divided so that long ones do not win.
   */
  private static double weight(Sentence sentence, Map<String, Integer> frequency) {
    double weight = 0;
    for (var term : new HashSet<>(sentence.terms())) {
      weight += Math.log(1.5 + frequency.get(term));
    }
    double recency = 0.02 * sentence.place();
    return weight / Math.sqrt(4 + sentence.terms().size()) + recency;
  }

  private static String clipped(String text) {
    var line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= LONGEST_SENTENCE
        ? line
        : line.substring(0, line.offsetByCodePoints(0, LONGEST_SENTENCE / 2)) + "…";
  }
}
