package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.ThreadItem;
import dev.threadmill.runs.api.ThreadItems;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the items of a chain of responses, for a response that branches off it. */
@ApplicationScoped
class ReadHistory {
  private static final int MAX_CHAIN = 1_000;
  private static final int MAX_ITEMS = 10_000;
  private static final int PAGE = 50;
  private static final long MAX_CHARACTERS = 16L << 20;

  private final ResponseStore store;
  private final RunClient runs;
  private final ThreadItems items;
  private final ShowItems showItems;
  private final SealedItems sealed;

  ReadHistory(
      ResponseStore store,
      RunClient runs,
      ThreadItems items,
      ShowItems showItems,
      SealedItems sealed) {
    this.store = store;
    this.runs = runs;
    this.items = items;
    this.showItems = showItems;
    this.sealed = sealed;
  }

  /** The items of the chain up to the output of this response, oldest first. */
  ArrayNode itemsUntil(ProjectId project, StoredResponse last) {
    var chain = store.chain(project, last.id(), MAX_CHAIN, MAX_CHARACTERS);
    requireSize(chain.ids().size() <= MAX_CHAIN && chain.characters() <= MAX_CHARACTERS);
    long characters = chain.characters();
    var all = Json.MAPPER.createArrayNode();
    for (var ids : pages(chain.ids().reversed())) {
      var page = responses(project, ids);
      var runsOfPage = runsOf(project, page);
      for (var each : page) {
        if (each.conversation()) {
          all.addAll(conversation(project, each.thread()));
        } else {
          var output = output(project, each, runsOfPage.get(each.run()));
          characters += size(output);
          requireSize(characters <= MAX_CHARACTERS);
          if (isCompaction(output.path(0))) {
            all.removeAll();
            addCompacted(each, output, all);
          } else {
            each.input().forEach(all::add);
            all.addAll(output);
          }
        }
      }
    }
    return all;
  }

  private static List<List<String>> pages(List<String> ids) {
    var pages = new ArrayList<List<String>>();
    for (int from = 0; from < ids.size(); from += PAGE) {
      pages.add(ids.subList(from, Math.min(ids.size(), from + PAGE)));
    }
    return pages;
  }

  /** The responses in the order of their ids. */
  private List<StoredResponse> responses(ProjectId project, List<String> ids) {
    var found = new HashMap<String, StoredResponse>();
    store.findAll(project, ids).forEach(each -> found.put(each.id(), each));
    var ordered = new ArrayList<StoredResponse>();
    for (var id : ids) {
      var response = found.get(id);
      if (response == null) {
        throw ItemErrors.noPrevious(id);
      }
      ordered.add(response);
    }
    return ordered;
  }

  private Map<RunId, RunHandle> runsOf(ProjectId project, List<StoredResponse> responses) {
    var threads = new HashMap<RunId, ThreadId>();
    for (var each : responses) {
      if (!each.conversation()) {
        threads.put(each.run(), each.thread());
      }
    }
    return runs.findAllWithItems(project, threads);
  }

  private static boolean isCompaction(JsonNode item) {
    return item.path("type").asText().equals("compaction");
  }

  /** The summary stands for all before the response, and for the outputs that begin it. */
  private static void addCompacted(StoredResponse response, ArrayNode output, ArrayNode all) {
    all.add(output.get(0));
    if (!response.request().path(ResponseObject.AS_COMPACTION).asBoolean()) {
      response.input().forEach(item -> add(item, all));
    }
    for (int i = 1; i < output.size(); i++) {
      all.add(output.get(i));
    }
  }

  private static void add(JsonNode item, ArrayNode all) {
    if (!isOutput(item)) {
      all.add(item);
    }
  }

  private static boolean isOutput(JsonNode item) {
    return item.path("type").asText().endsWith("_call_output");
  }

  private static long size(JsonNode items) {
    long characters = 0;
    for (var item : items) {
      characters += item.toString().length();
    }
    return characters;
  }

  private static void requireSize(boolean fits) {
    if (!fits) {
      throw ApiException.invalid(
          "previous_response_id",
          "The chain is too long to branch off it: more than %d responses or %d million characters. Continue its newest response, or compact it."
              .formatted(MAX_CHAIN, MAX_CHARACTERS >> 20));
    }
  }

  private ArrayNode output(ProjectId project, StoredResponse response, RunHandle run) {
    if (run == null) {
      throw ItemErrors.noPrevious(response.id());
    }
    var encoder =
        new ResponseEncoder(
            response,
            run.snapshot(),
            run.attempt(),
            EventWriter.counting(),
            null,
            summary -> sealed.compaction(project, summary),
            Include.NOTHING);
    encoder.collect(run.items(true, response.start()));
    return (ArrayNode) encoder.response().get("output");
  }

  /**
   * The items of a conversation, from its newest compaction on. Those of a response in it are not
   * told apart.
   *
   * @throws dev.threadmill.api.ApiException 404 if there is no such conversation
   */
  ArrayNode conversation(ProjectId project, ThreadId thread) {
    var all = Json.MAPPER.createArrayNode();
    var start = items.start(thread);
    if (start.summary() != null) {
      all.add(showItems.compaction(project, thread.value(), start.summary()));
    }
    var page = items.list(project, thread, start, PAGE);
    long characters = add(project, thread, page, all);
    while (page.hasMore() && !page.data().isEmpty()) {
      requireSize(all.size() < MAX_ITEMS && characters <= MAX_CHARACTERS);
      var after = page.data().getLast().key();
      page = items.list(project, thread, after, PageRequest.of(PAGE, "asc", null, null));
      characters += add(project, thread, page, all);
    }
    return all;
  }

  /** Adds the items of a page without compactions, and returns how many characters they have. */
  private long add(ProjectId project, ThreadId thread, Page<ThreadItem> page, ArrayNode all) {
    long characters = 0;
    for (var shown : showItems.of(project, thread, page.data(), Include.NOTHING)) {
      if (!isCompaction(shown)) {
        characters += shown.toString().length();
        all.add(shown);
      }
    }
    return characters;
  }
}
