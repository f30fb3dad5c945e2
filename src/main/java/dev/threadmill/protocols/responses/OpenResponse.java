package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.RecordSummary;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.ThreadItems;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.MessageStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Prepares what precedes the run of a response: a compaction of its history if that has grown
 * beyond the threshold of the request, and the tools of MCP servers that the chain has not been
 * shown.
 */
@ApplicationScoped
class OpenResponse {
  /** The metadata of the message that stands for what was compacted. */
  static final String MARKER = "compaction";

  private final RunClient runs;
  private final CompactHistory compactHistory;
  private final ReadHistory history;
  private final ReadItems readItems;
  private final ThreadItems items;
  private final MessageStore messages;
  private final ListMcpTools listMcpTools;
  private final RecordSummary recordSummary;
  private final Ids ids;
  private final InstantSource clock;

  OpenResponse(
      RunClient runs,
      CompactHistory compactHistory,
      ReadHistory history,
      ReadItems readItems,
      ThreadItems items,
      MessageStore messages,
      ListMcpTools listMcpTools,
      RecordSummary recordSummary,
      Ids ids,
      InstantSource clock) {
    this.runs = runs;
    this.compactHistory = compactHistory;
    this.history = history;
    this.readItems = readItems;
    this.items = items;
    this.messages = messages;
    this.listMcpTools = listMcpTools;
    this.recordSummary = recordSummary;
    this.ids = ids;
    this.clock = clock;
  }

  /**
   * What precedes the run.
   *
   * @param thread where the response goes; null for a new one
   * @param latest the response before it in its chain or conversation; null for none
   * @param compacts whether a history beyond the threshold of the request is compacted
   * @throws dev.threadmill.api.ApiException 400 if the history cannot be compacted
   */
  Opening prepare(
      ProjectId project,
      ResponseRequest request,
      ThreadId thread,
      StoredResponse latest,
      InputItems input,
      boolean compacts)
      throws InterruptedException {
    var opening = Json.MAPPER.createArrayNode();
    var listed = new LinkedHashSet<String>();
    if (latest != null) {
      latest.request().path(Opening.LISTED).forEach(label -> listed.add(label.asText()));
    }
    input.items().stream()
        .filter(item -> item.path("type").asText().equals("mcp_list_tools"))
        .forEach(item -> listed.add(item.path("server_label").asText()));
    listMcpTools.add(project, request, listed, opening);
    boolean wasCompacted =
        thread != null && latest != null && latest.request().path(Opening.COMPACTED).asBoolean();
    // Read first: what is added to the thread from here on is found when the run is inserted.
    boolean isRead = thread != null && (wasCompacted || request.compactThreshold() != null);
    var extent = isRead ? items.extent(thread) : null;
    var marked = wasCompacted ? messages.sinceMarked(thread, MARKER).orElse(null) : null;
    // What an unstored response leaves in a conversation has to be found without its row.
    if (compacts && request.compactThreshold() != null && (request.store() || thread == null)) {
      var covered = thread == null ? null : recordSummary.covered(thread, clock.instant());
      var split = split(project, request, thread, latest, input, marked);
      if (split != null) {
        var made = compactHistory.compact(project, request, split.head());
        return compacted(
            made, split.tail(), new Opening(opening, listed, null, null, covered, null, extent));
      }
    }
    // A run that waits for its turn does not know how many messages come before it.
    boolean waits = request.onActiveRun() != ResponseRequest.OnActive.REJECT;
    Integer window =
        marked == null || waits ? null : marked.messages() + messagesIn(input.entries());
    return new Opening(opening, listed, null, null, null, window, window == null ? null : extent);
  }

  private static int messagesIn(List<ThreadEntry> entries) {
    return (int) entries.stream().filter(ThreadEntry.OfMessage.class::isInstance).count();
  }

  /**
   * What is compacted, and what is not.
   *
   * @param tail follows the summary
   */
  private record Split(InputItems head, List<ThreadEntry> tail) {}

  /** Null if the history is below the threshold, or there is none. */
  private Split split(
      ProjectId project,
      ResponseRequest request,
      ThreadId thread,
      StoredResponse latest,
      InputItems input,
      MessageStore.Marked marked) {
    long threshold = request.compactThreshold();
    if (thread == null && latest == null) {
      return splitInput(input, threshold);
    }
    if (isActive(project, latest)) {
      return null;
    }
    long tokens = CompactHistory.tokens(input.entries());
    if (thread != null) {
      tokens += items.tokens(project, thread, marked == null ? null : marked.at());
      if (tokens <= threshold) {
        return null;
      }
    }
    ArrayNode all =
        thread == null
            ? history.itemsUntil(project, latest)
            : history.conversation(project, thread, marked == null ? null : marked.id());
    input.items().stream().filter(OpenResponse::isOutput).forEach(all::add);
    var head = readItems.read(project, "input", all, new ReadItems.Mode(true, _ -> null));
    boolean isDue =
        tokens + (thread == null ? CompactHistory.tokens(head.entries()) : 0) > threshold;
    return isDue && !head.entries().isEmpty() && head.firstOpenCall() == null
        ? new Split(head, input.entries())
        : null;
  }

  /** Whether the response before is in progress, so that this one is refused or has to wait. */
  private boolean isActive(ProjectId project, StoredResponse latest) {
    return latest != null
        && runs.find(project, latest.thread(), latest.run())
            .filter(run -> !run.snapshot().isPausedOrEnded())
            .isPresent();
  }

  static boolean isOutput(JsonNode item) {
    return item.path("type").asText().endsWith("_call_output");
  }

  /** Of a history that the client sends, what stands behind the last answer is new. */
  private static Split splitInput(InputItems input, long threshold) {
    var entries = input.entries();
    if (CompactHistory.tokens(entries) <= threshold) {
      return null;
    }
    int from = entries.size();
    while (from > 0
        && entries.get(from - 1) instanceof ThreadEntry.OfMessage(var message)
        && message.role() == CreateMessage.Role.USER) {
      from--;
    }
    if (from == 0) {
      return null;
    }
    var head =
        new InputItems(entries.subList(0, from), Map.of(), Map.of(), input.system(), List.of());
    return new Split(head, entries.subList(from, entries.size()));
  }

  /**
   * @param opening without the compaction
   */
  private Opening compacted(
      CompactHistory.Compacted compacted, List<ThreadEntry> tail, Opening opening) {
    opening
        .items()
        .insert(
            0,
            Json.MAPPER
                .createObjectNode()
                .put("id", ids.next("cmp_"))
                .put("type", "compaction")
                .put("encrypted_content", compacted.content()));
    var entries = new ArrayList<ThreadEntry>();
    entries.add(
        new ThreadEntry.OfMessage(
            new CreateMessage(
                CreateMessage.Role.USER,
                List.of(ContentPart.text(ReadItems.SUMMARY_OF + compacted.summary())),
                null,
                new Metadata(Map.of(MARKER, "true")),
                null)));
    entries.addAll(tail);
    return new Opening(
        opening.items(),
        opening.listed(),
        entries,
        compacted.summary(),
        opening.covered(),
        messagesIn(entries),
        opening.extent());
  }
}
