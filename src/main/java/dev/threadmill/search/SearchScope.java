package dev.threadmill.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The entries that a search may see.
 *
 * @param condition SQL that selects them, as entries {@code i}
 * @param params the condition's parameters
 * @param exactUpTo a scope of at most this many entries is returned whole
 * @param countFirst whether entries are counted before they are read; for scopes that are small as
 *     a rule, counting costs as much as reading
 */
public record SearchScope(
    String condition, List<Object> params, int exactUpTo, boolean countFirst) {
  public SearchScope {
    params = List.copyOf(params);
  }

  /** The entries of this scope that are chunks of these sources. */
  SearchScope within(Set<String> sources) {
    var both = new ArrayList<Object>(params);
    both.add(List.copyOf(sources));
    return new SearchScope(condition + " AND i.source_id = ANY (?)", both, exactUpTo, true);
  }
}
