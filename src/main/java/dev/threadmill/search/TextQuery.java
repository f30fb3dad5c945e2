package dev.threadmill.search;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What is searched for.
 *
 * @param text what the embedding model is given
 * @param terms what the full text is searched for, each once
 */
public record TextQuery(String text, List<TermQuery> terms) {
  /** The most terms of a query that are searched for: hits have a bit for each. */
  public static final int MAX_TERMS = 24;

  static final TextQuery EMPTY = new TextQuery("", List.of());

  public TextQuery {
    terms = List.copyOf(terms);
    if (terms.size() > MAX_TERMS) {
      throw new IllegalArgumentException("a query has at most %d terms".formatted(MAX_TERMS));
    }
  }

  /** The query of a text, of which the first {@link #MAX_TERMS} distinct terms are used. */
  public static TextQuery of(String text) {
    return new TextQuery(
        text,
        TermAnalyzer.queryTerms(text).stream()
            .distinct()
            .limit(MAX_TERMS)
            .map(term -> new TermQuery(term.forms()))
            .toList());
  }

  /** The query for entries that have its terms with a frequency. */
  TextQuery withPrefix(String frequency) {
    return new TextQuery(text, terms.stream().map(term -> term.withPrefix(frequency)).toList());
  }

  /** Any of the terms, as PostgreSQL's {@code tsquery}. */
  String tsquery() {
    return terms.stream().map(TermQuery::tsquery).collect(Collectors.joining(" | "));
  }

  /** All of the terms, each in any of its forms, as PostgreSQL's {@code tsquery}. */
  public String allTerms() {
    return terms.stream()
        .map(term -> "(" + term.tsquery() + ")")
        .collect(Collectors.joining(" & "));
  }

  /** As {@link #tsquery}, without prefixes. */
  String exactTsquery() {
    return terms.stream().map(TermQuery::exactTsquery).collect(Collectors.joining(" | "));
  }
}
