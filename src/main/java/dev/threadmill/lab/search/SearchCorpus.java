package dev.threadmill.lab.search;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * The documents by which file search is evaluated: texts written by hand, in English and German,
 * and manuals, reports and leases made from templates, which resemble each other. The questions use
 * other words than the documents.
 */
public final class SearchCorpus {
  private static final String FOLDER = "/bench/search/";

  private SearchCorpus() {}

  /** All documents in a fixed order. */
  public static List<SearchDocument> documents() throws IOException {
    var drafts =
        Stream.of(
                read("texts-en.txt"),
                read("texts-de.txt"),
                DeviceManuals.drafts(),
                AnnualReports.drafts(),
                GermanLeases.drafts())
            .flatMap(List::stream)
            .toList();
    var documents = new ArrayList<SearchDocument>();
    for (var draft : drafts) {
      var name =
          String.format(Locale.ROOT, "document-%03d.%s", documents.size() + 1, draft.format());
      documents.add(new SearchDocument(name, WriteFormat.bytes(draft), draft.questions()));
    }
    return documents;
  }

  private static List<Draft> read(String file) {
    var drafts = new ArrayList<Draft>();
    var paragraphs = new ArrayList<String>();
    var questions = new ArrayList<String>();
    String[] head = null;
    try (var in = SearchCorpus.class.getResourceAsStream(FOLDER + file);
        var reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (var line : reader.lines().filter(each -> !each.isBlank()).toList()) {
        switch (line.charAt(0)) {
          case '#' -> {}
          case '?' -> questions.add(line.substring(2));
          case '=' -> {
            add(head, paragraphs, questions, drafts);
            head = line.substring(2).split(" ", 2);
          }
          default -> paragraphs.add(line);
        }
      }
      add(head, paragraphs, questions, drafts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return drafts;
  }

  private static void add(
      String[] head, List<String> paragraphs, List<String> questions, List<Draft> drafts) {
    if (head != null) {
      drafts.add(
          new Draft(head[0], head[1], List.copyOf(paragraphs), List.of(), List.copyOf(questions)));
    }
    paragraphs.clear();
    questions.clear();
  }
}
