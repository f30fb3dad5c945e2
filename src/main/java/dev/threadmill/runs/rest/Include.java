package dev.threadmill.runs.rest;

import dev.threadmill.api.ApiException;
import java.util.List;
import java.util.stream.Stream;

/** The {@code include} parameter of runs and steps, which comes with and without brackets. */
final class Include {
  private static final String FILE_SEARCH_CONTENT =
      "step_details.tool_calls[*].file_search.results[*].content";

  private Include() {}

  /**
   * Answers 400 if anything is to be included that does not exist.
   *
   * @return whether the contents of file search results are to be included
   */
  static boolean check(List<String> bracketed, List<String> bare) {
    boolean content = false;
    for (var value : Stream.concat(bracketed.stream(), bare.stream()).toList()) {
      if (!value.equals(FILE_SEARCH_CONTENT)) {
        throw ApiException.invalid(
            "include", "Invalid 'include': expected '%s'.".formatted(FILE_SEARCH_CONTENT));
      }
      content = true;
    }
    return content;
  }
}
