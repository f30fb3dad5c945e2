package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import java.util.Set;

/** Reads a tool of the type {@code file_search}. */
final class ReadFileSearch {
  private static final Set<String> RANKERS =
      Set.of("auto", "default-2024-11-15", "default_2024_08_21");

  private ReadFileSearch() {}

  /**
   * The tool as assistants have it.
   *
   * @param path of the tool in the body
   * @throws ApiException 400 that names the field
   */
  static JsonNode of(String path, JsonNode tool) {
    var spec = Json.MAPPER.createObjectNode().put("type", "file_search");
    if (!RequestFields.isAbsent(tool.path("vector_store_ids"))) {
      spec.set("vector_store_ids", RequestFields.list(path, tool, "vector_store_ids"));
    }
    var options = spec.putObject("file_search");
    if (!RequestFields.isAbsent(tool.path("max_num_results"))) {
      options.set("max_num_results", tool.get("max_num_results"));
    }
    if (!RequestFields.isAbsent(tool.path("ranking_options"))) {
      options.set(
          "ranking_options", ranking(path + ".ranking_options", tool.get("ranking_options")));
    }
    if (!RequestFields.isAbsent(tool.path("filters"))) {
      options.set("filters", tool.get("filters"));
    }
    return spec;
  }

  /** There is one ranker; every known name selects it. */
  private static JsonNode ranking(String path, JsonNode given) {
    if (!given.isObject()) {
      throw RequestFields.type(path, "an object");
    }
    var ranker = RequestFields.text(path, given, "ranker");
    if (ranker != null && !RANKERS.contains(ranker)) {
      throw ApiException.invalid(
          path + ".ranker",
          "Invalid '%s.ranker': expected one of %s."
              .formatted(path, RANKERS.stream().sorted().toList()));
    }
    var options = Json.MAPPER.createObjectNode();
    var threshold = given.path("score_threshold");
    options.set(
        "score_threshold",
        RequestFields.isAbsent(threshold)
            ? Json.MAPPER.getNodeFactory().numberNode(0.0)
            : threshold);
    if (!RequestFields.isAbsent(given.path("hybrid_search"))) {
      options.set("hybrid_search", given.get("hybrid_search"));
    }
    return options;
  }
}
