package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The {@code include} parameter: what is shown beside the usual fields. */
public record Include(Set<String> values) {
  public static final Include NOTHING = new Include(Set.of());

  private static final String REASONING = "reasoning.encrypted_content";
  private static final Set<String> KNOWN =
      Set.of(
          "file_search_call.results",
          "code_interpreter_call.outputs",
          "web_search_call.results",
          "web_search_call.action.sources",
          "message.input_image.image_url",
          "computer_call_output.output.image_url",
          REASONING,
          "message.output_text.logprobs");

  /** From a query: in brackets, bare, or a list with commas. */
  public static Include of(List<String> bracketed, List<String> bare) {
    var values = new HashSet<String>();
    for (var list : List.of(bracketed, bare)) {
      for (var each : list) {
        for (var value : each.split(",")) {
          values.add(known(value));
        }
      }
    }
    return new Include(values);
  }

  /** From a body. */
  public static Include of(JsonNode body) {
    var given = body.path("include");
    if (RequestFields.isAbsent(given)) {
      return NOTHING;
    }
    if (!given.isArray()) {
      throw RequestFields.type("include", "a list");
    }
    var values = new HashSet<String>();
    given.forEach(value -> values.add(known(value.asText())));
    return new Include(values);
  }

  private static String known(String value) {
    if (!KNOWN.contains(value)) {
      var shown = value.length() <= 80 ? value : value.substring(0, 80) + "…";
      throw ApiException.invalid("include", "Invalid value for 'include': '%s'.".formatted(shown));
    }
    return value;
  }

  /** Whether reasoning carries its encrypted content. */
  public boolean encryptedReasoning() {
    return values.contains(REASONING);
  }

  /** Whether images in messages carry their content. */
  public boolean imageUrls() {
    return values.contains("message.input_image.image_url");
  }

  /** Whether calls of the file search carry their results. */
  public boolean searchResults() {
    return values.contains("file_search_call.results");
  }

  /** Whether calls of the code interpreter carry their outputs. */
  public boolean codeOutputs() {
    return values.contains("code_interpreter_call.outputs");
  }

  /** Whether searches of the web carry the pages that they have found. */
  public boolean webSearchResults() {
    return values.contains("web_search_call.results");
  }

  /** Whether searches of the web carry the addresses of these pages. */
  public boolean webSearchSources() {
    return values.contains("web_search_call.action.sources");
  }
}
