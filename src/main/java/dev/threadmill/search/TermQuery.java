package dev.threadmill.search;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A term of a query. Any of its forms matches; a long base form matches without its last character
 * too, since the forms of a long word differ at its end in most languages.
 *
 * @param forms at least one, the base form first
 */
public record TermQuery(List<String> forms) {
  private static final int LONG_WORD = 6;

  public TermQuery {
    forms = List.copyOf(forms);
  }

  /** The query for entries that have the term at least twice, or often. */
  TermQuery withPrefix(String frequency) {
    return new TermQuery(forms.stream().map(form -> frequency + form).toList());
  }

  /** What indexed terms have to begin with to match the base form; empty if it must be equal. */
  String prefix() {
    var base = forms.getFirst();
    int begin = base.length() > 1 && base.charAt(1) == '~' ? 2 : 0;
    int length = base.codePointCount(begin, base.length());
    return length < LONG_WORD ? "" : base.substring(0, base.offsetByCodePoints(begin, length - 1));
  }

  /** The term as PostgreSQL's {@code tsquery}. */
  String tsquery() {
    var prefix = prefix();
    return prefix.isEmpty()
        ? exactTsquery()
        : Stream.concat(
                Stream.of(quoted(prefix) + ":*"), forms.stream().skip(1).map(TermQuery::quoted))
            .collect(Collectors.joining(" | "));
  }

  /** As {@link #tsquery}, without a prefix: its frequency can be looked up. */
  String exactTsquery() {
    return forms.stream().map(TermQuery::quoted).collect(Collectors.joining(" | "));
  }

  private static String quoted(String term) {
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}
