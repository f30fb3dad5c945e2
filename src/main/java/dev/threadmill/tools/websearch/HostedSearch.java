package dev.threadmill.tools.websearch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import java.util.List;
import java.util.Locale;

/** The search of the web by the provider of a model, in place of the search server. */
public final class HostedSearch {
  private HostedSearch() {}

  /** Whether the provider of this model searches for a tool. Providers know no filters. */
  static boolean serves(WebSearchSpec spec, ModelInfo model) {
    return model.webSearch() && !spec.isFiltered();
  }

  /** What the provider of the model is asked to search; null for nothing. */
  public static ModelRequest.WebSearch of(List<ToolSpec> tools, ModelInfo model) {
    for (var tool : tools) {
      if (tool instanceof WebSearchSpec spec && serves(spec, model)) {
        var size = spec.searchContextSize();
        return new ModelRequest.WebSearch(
            size == null ? null : size.name().toLowerCase(Locale.ROOT), place(spec));
      }
    }
    return null;
  }

  private static JsonNode place(WebSearchSpec spec) {
    return spec.userLocation() == null
        ? null
        : Json.MAPPER.<ObjectNode>valueToTree(spec.userLocation()).without("type");
  }
}
