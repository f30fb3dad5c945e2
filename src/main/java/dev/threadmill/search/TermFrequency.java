package dev.threadmill.search;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * How often an entry has a term, for indexes that count terms. The index holds sets of terms, so a
 * term that an entry has several times is there again with a prefix that no term begins with.
 */
public final class TermFrequency {
  /** From this number on the exact number makes no difference to a ranking. */
  public static final int OFTEN = 4;

  static final String TWICE_PREFIX = "2~";
  static final String OFTEN_PREFIX = "4~";

  private TermFrequency() {}

  /** All forms of terms, each once, with the prefixed ones of those that are repeated. */
  public static Set<String> forms(Collection<TermAnalyzer.Term> terms) {
    var counts = new HashMap<String, Integer>();
    var forms = new LinkedHashSet<String>();
    for (var term : terms) {
      for (var form : term.forms()) {
        int count = counts.merge(form, 1, Integer::sum);
        if (count == 1) {
          forms.add(form);
        } else if (count == 2) {
          forms.add(TWICE_PREFIX + form);
        } else if (count == OFTEN) {
          forms.add(OFTEN_PREFIX + form);
        }
      }
    }
    return forms;
  }
}
