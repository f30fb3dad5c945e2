package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.Usage;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.spec.SummaryTexts;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateMessage;
import dev.threadmill.threads.CreateThread;
import dev.threadmill.threads.PrepareMessages;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Has a model summarize a history, in a run on a thread that is deleted afterwards. */
@ApplicationScoped
class CompactHistory {
  private static final int TOKENS_PER_ITEM = 4;

  private final RunClient runs;
  private final ThreadStore threads;
  private final SealedItems sealed;
  private final ResponseStore store;
  private final InstantSource clock;

  CompactHistory(
      RunClient runs,
      ThreadStore threads,
      SealedItems sealed,
      ResponseStore store,
      InstantSource clock) {
    this.runs = runs;
    this.threads = threads;
    this.sealed = sealed;
    this.store = store;
    this.clock = clock;
  }

  /**
   * A summary and what it has cost.
   *
   * @param content the summary in the form that clients keep
   */
  record Compacted(String summary, String content, Usage usage) {}

  /** About how many tokens entries have. */
  static long tokens(List<ThreadEntry> entries) {
    return entries.stream().mapToLong(CompactHistory::tokens).sum();
  }

  private static long tokens(ThreadEntry entry) {
    return switch (entry) {
      case ThreadEntry.OfMessage(var message) ->
          TOKENS_PER_ITEM + PrepareMessages.tokens(message.content());
      case ThreadEntry.OfCalls(var calls, _) ->
          calls.stream()
              .mapToLong(
                  call ->
                      2 * TOKENS_PER_ITEM
                          + TokenCounter.count(call.name())
                          + TokenCounter.count(call.arguments())
                          + TokenCounter.count(call.output()))
              .sum();
    };
  }

  /**
   * Summarizes the items.
   *
   * @throws ApiException 400 if the model fails; 429 if a limit of the project is reached
   */
  Compacted compact(ProjectId project, ResponseRequest request, InputItems input)
      throws InterruptedException {
    var spec = spec(request, input);
    var run =
        runs.startWithHiddenThread(
            project,
            CreateThread.empty(),
            spec,
            (tx, thread, id) -> store.insert(tx, marker(project, thread, id)));
    try {
      var ended = run.await();
      if (ended.status() != RunState.COMPLETED && ended.status() != RunState.INCOMPLETE) {
        throw ApiException.invalidState(
            ended.error() == null ? "The history was not compacted." : ended.error().message());
      }
      var summary = new StringBuilder();
      for (var item : run.items(true, null)) {
        if (item instanceof RunItem.Message message) {
          summary.append(message.text());
        }
      }
      var text = summary.toString();
      return new Compacted(text, sealed.compaction(project, text), ended.usage());
    } finally {
      threads.deleteAndCommit(project, run.snapshot().thread());
    }
  }

  /** The run whose answer is the summary of these items. */
  RunSpec spec(ResponseRequest request, InputItems input) {
    var entries = new ArrayList<>(input.entries());
    entries.add(
        new ThreadEntry.OfMessage(
            new CreateMessage(
                CreateMessage.Role.USER,
                List.of(ContentPart.text(SummaryTexts.request())),
                null,
                null,
                null)));
    var own = request.instructions() == null ? input.system() : request.instructions();
    var overrides =
        RunOverrides.builder()
            .model(request.model())
            .instructions(SummaryTexts.instructions(own), null)
            .tools(List.of())
            .reasoningEffort(request.effort())
            .exactReplay(request.store());
    return RunSpec.withoutAssistant(overrides.build()).withEntries(entries, Map.of());
  }

  /** Whether the last item of the request asks for a compaction. */
  static boolean isTriggeredBy(ResponseRequest request) {
    var input = request.body().path("input");
    return input.isArray()
        && !input.isEmpty()
        && input.get(input.size() - 1).path("type").asText("").equals(ReadItems.TRIGGER);
  }

  /** By an unstored response {@link UnstoredCleanup} finds the thread if this node stops. */
  private StoredResponse marker(ProjectId project, ThreadId thread, RunId run) {
    return new StoredResponse(
        ItemIds.with(StoredResponse.PREFIX, run.value()),
        project,
        thread,
        run,
        clock.instant(),
        null,
        null,
        null,
        false,
        false,
        false,
        Json.MAPPER.createObjectNode(),
        Json.MAPPER.createArrayNode(),
        "");
  }
}
