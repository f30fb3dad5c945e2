package dev.threadmill.tools.filesearch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.assistants.FileSearchOptions;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.threads.ThreadStore;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.vectorstores.VectorStore;
import dev.threadmill.vectorstores.VectorStores;
import dev.threadmill.vectorstores.VectorStoresConfig;
import dev.threadmill.vectorstores.ingestion.AwaitFiles;
import dev.threadmill.vectorstores.search.HybridSearch;
import dev.threadmill.vectorstores.search.SearchRequest;
import dev.threadmill.vectorstores.search.SearchStores;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Executes a call of the tool: finds the stores of the run, and searches them. */
@ApplicationScoped
class SearchFiles {
  private static final int DEFAULT_RESULTS = 20;

  private final ThreadStore threads;
  private final Assistants assistants;
  private final VectorStores stores;
  private final SearchStores search;
  private final AwaitFiles awaitFiles;
  private final CompleteQueries completeQueries;
  private final NumberSearches numbers;
  private final VectorStoresConfig config;

  SearchFiles(
      ThreadStore threads,
      Assistants assistants,
      VectorStores stores,
      SearchStores search,
      AwaitFiles awaitFiles,
      CompleteQueries completeQueries,
      NumberSearches numbers,
      VectorStoresConfig config) {
    this.threads = threads;
    this.assistants = assistants;
    this.stores = stores;
    this.search = search;
    this.awaitFiles = awaitFiles;
    this.completeQueries = completeQueries;
    this.numbers = numbers;
    this.config = config;
  }

  ToolResult search(ToolContext context, ToolSpec.FileSearch spec, JsonNode arguments)
      throws InterruptedException {
    var ofThread =
        threads
            .find(context.project(), context.thread())
            .map(thread -> storeIds(thread.toolResources()))
            .orElse(Set.of());
    var searched = stores(context, spec, ofThread);
    if (searched.isEmpty()) {
      return ToolResult.failed("no_files", "There are no files to search.");
    }
    boolean isComplete =
        awaitFiles.await(
            searched.stream().filter(store -> ofThread.contains(store.id().value())).toList(),
            config.attachmentWait());
    var options = Optional.ofNullable(spec.fileSearch());
    var ranking = options.map(FileSearchOptions::rankingOptions);
    var request =
        new SearchRequest(
            completeQueries.complete(context.thread(), queries(arguments)),
            options.map(FileSearchOptions::filters).orElse(null),
            options.map(FileSearchOptions::maxNumResults).orElse(DEFAULT_RESULTS),
            ranking.map(FileSearchOptions.RankingOptions::scoreThreshold).orElse(0.0),
            HybridSearch.weights(
                ranking.map(FileSearchOptions.RankingOptions::hybridSearch).orElse(null)),
            true);
    var passages = search.search(context.project(), searched, request);
    return SearchResult.of(
        numbers.of(context), passages, ranking.orElse(null), request, isComplete);
  }

  private List<VectorStore> stores(
      ToolContext context, ToolSpec.FileSearch spec, Set<String> ofThread) {
    var ids = new LinkedHashSet<String>(ofThread);
    if (spec.vectorStoreIds() != null) {
      ids.addAll(spec.vectorStoreIds());
    }
    if (context.assistant() != null) {
      assistants
          .find(context.project(), context.assistant())
          .ifPresent(assistant -> ids.addAll(storeIds(assistant.toolResources())));
    }
    return stores.findWithoutCounts(context.project(), ids).stream()
        .filter(store -> !store.isExpired())
        .toList();
  }

  private static Set<String> storeIds(ToolResources resources) {
    return resources == null
            || resources.fileSearch() == null
            || resources.fileSearch().vectorStoreIds() == null
        ? Set.of()
        : Set.copyOf(resources.fileSearch().vectorStoreIds());
  }

  private static List<String> queries(JsonNode arguments) {
    var queries = new ArrayList<String>();
    for (var query : arguments.path("queries")) {
      var text = StorableText.of(query.asText()).strip();
      if (!text.isEmpty()) {
        queries.add(text);
      }
    }
    return queries;
  }
}
