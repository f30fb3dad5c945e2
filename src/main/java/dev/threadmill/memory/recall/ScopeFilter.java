package dev.threadmill.memory.recall;

import java.util.List;

/**
 * The entries of a scope, as a statement asks for them.
 *
 * @param condition of the entries {@code i}, by columns that tell the scope
 * @param params the condition's parameters
 */
record ScopeFilter(String condition, List<Object> params) {
  ScopeFilter {
    params = List.copyOf(params);
  }
}
