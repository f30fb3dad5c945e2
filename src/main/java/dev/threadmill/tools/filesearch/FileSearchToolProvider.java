package dev.threadmill.tools.filesearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.tools.ToolOffer;
import dev.threadmill.tools.ToolProvider;
import dev.threadmill.tools.ToolScope;
import dev.threadmill.vectorstores.search.SearchRequest;
import jakarta.inject.Singleton;
import java.util.List;

/** Searches of the vector stores of an assistant and a thread. */
@Singleton
class FileSearchToolProvider implements ToolProvider<ToolSpec.FileSearch> {
  private static final String DESCRIPTION =
      """
      Searches the files of the user and of the assistant. Call it whenever the answer may be in a
      file. Each query is a self-contained phrase or question with the names, numbers and terms that
      matter, in the language of the files; use several queries for several topics. The results are
      passages, each with a marker such as \u30104:0\u2020source\u3011. Put the markers of the
      passages that support a statement right behind it, unchanged, and no other markers.""";

  private final SearchFiles searchFiles;
  private final FunctionSpec function =
      new FunctionSpec(
          ToolSpec.FileSearch.TYPE, DESCRIPTION.replace('\n', ' '), parameters(), null);

  FileSearchToolProvider(SearchFiles searchFiles) {
    this.searchFiles = searchFiles;
  }

  private static JsonNode parameters() {
    var schema =
        Json.MAPPER.createObjectNode().put("type", "object").put("additionalProperties", false);
    var queries = schema.putObject("properties").putObject("queries");
    queries
        .put("type", "array")
        .put("minItems", 1)
        .put("maxItems", SearchRequest.MAX_QUERIES)
        .put("description", "What to search for.")
        .putObject("items")
        .put("type", "string")
        .put("maxLength", SearchRequest.MAX_QUERY);
    schema.putArray("required").add("queries");
    return schema;
  }

  @Override
  public Class<ToolSpec.FileSearch> spec() {
    return ToolSpec.FileSearch.class;
  }

  @Override
  public ToolOffer tools(ToolScope scope, ToolSpec.FileSearch spec) {
    return ToolOffer.of(List.of(new FileSearchTool(function, spec, searchFiles)));
  }

  @Override
  public boolean offers(ToolSpec.FileSearch spec, String functionName) {
    return functionName.equals(ToolSpec.FileSearch.TYPE);
  }
}
