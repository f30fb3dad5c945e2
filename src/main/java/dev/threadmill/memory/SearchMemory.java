package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.assistants.MemoryOptions.Scope;

/**
 * The body of {@code POST /v1/threads/{id}/memory/search}.
 *
 * @param limit 1 to 100; 10 if null
 * @param scope the scope of the search; the thread if null
 */
public record SearchMemory(String query, Integer limit, Scope scope) {
  public SearchMemory {
    if (query == null || query.isBlank()) {
      throw ApiException.missing("query");
    }
    if (limit != null && (limit < 1 || limit > 100)) {
      throw ApiException.invalid("limit", "Invalid 'limit': expected an integer from 1 to 100.");
    }
  }
}
