package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.RecordSummary;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.ThreadItems;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.threads.ActiveRunException;
import dev.threadmill.threads.CreateThread;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/**
 * Creates responses: a run on the thread of the conversation or of the chain, or on a new one that
 * no list shows.
 */
@ApplicationScoped
class CreateResponse {
  private final RunClient runs;
  private final ResponseStore store;
  private final ReadHistory history;
  private final ReadItems readItems;
  private final ThreadItems items;
  private final ThreadStore threads;
  private final CodePlace codePlace;
  private final ShowItems showItems;
  private final SealedItems sealed;
  private final BuildRunSpec buildSpec;
  private final OpenResponse openResponse;
  private final CompactHistory compactHistory;
  private final RecordSummary recordSummary;
  private final ShownInput shownInput;
  private final Ids ids;
  private final InstantSource clock;

  CreateResponse(
      RunClient runs,
      ResponseStore store,
      ReadHistory history,
      ReadItems readItems,
      ThreadItems items,
      ThreadStore threads,
      CodePlace codePlace,
      ShowItems showItems,
      SealedItems sealed,
      BuildRunSpec buildSpec,
      OpenResponse openResponse,
      CompactHistory compactHistory,
      RecordSummary recordSummary,
      ShownInput shownInput,
      Ids ids,
      InstantSource clock) {
    this.runs = runs;
    this.store = store;
    this.history = history;
    this.readItems = readItems;
    this.items = items;
    this.threads = threads;
    this.codePlace = codePlace;
    this.showItems = showItems;
    this.sealed = sealed;
    this.buildSpec = buildSpec;
    this.openResponse = openResponse;
    this.compactHistory = compactHistory;
    this.recordSummary = recordSummary;
    this.shownInput = shownInput;
    this.ids = ids;
    this.clock = clock;
  }

  /** A response that was created, and its run. */
  record Created(StoredResponse response, RunHandle run) {
    /** Whether nothing of it remains when it ends. */
    boolean isEphemeral() {
      return !response.stored();
    }
  }

  /**
   * Where a response goes.
   *
   * @param thread null for a new one
   * @param previous the response that it continues; null for none
   * @param isLinear whether it goes on in the thread of the previous one
   * @param latest the response before it in its chain or conversation; null for none
   */
  private record Target(
      ThreadId thread, StoredResponse previous, boolean isLinear, StoredResponse latest) {
    /** The text of the system messages so far. */
    String system() {
      return latest == null ? "" : latest.system();
    }

    /** The same without its thread: a new one is made. */
    Target elsewhere() {
      return new Target(null, previous, false, latest);
    }
  }

  /**
   * Creates a response.
   *
   * @throws ApiException 400 or 404, as the request has it; 429 if a limit of the project is
   *     reached
   */
  Created create(ProjectId project, ResponseRequest request) throws InterruptedException {
    if (request.include().encryptedReasoning()) {
      sealed.requireUsable(project);
    }
    var target = target(project, request);
    var input = input(project, request, target);
    codePlace.requireUsable(project, request.tools());
    if (!input.approvals().isEmpty()) {
      return approve(project, request, target, input);
    }
    if (input.firstOpenCall() != null) {
      throw ItemErrors.noOutput(input.firstOpenCall());
    }
    if (target.previous() != null) {
      requireOutputs(project, target, input);
    }
    if (target.thread() != null && !target.isLinear()) {
      requireConversationAnswered(project, target.thread(), input);
    }
    if (CompactHistory.isTriggeredBy(request)) {
      return compact(project, request, target, input);
    }
    var opening = openResponse.prepare(project, request, target.thread(), target.latest(), input);
    if (target.thread() == null) {
      return onNewThread(project, request, target, input, opening);
    }
    try {
      return onThread(project, request, target, input, opening);
    } catch (ActiveRunException e) {
      if (!target.isLinear()) {
        throw ItemErrors.locked();
      }
    } catch (DatabaseException e) {
      if (!target.isLinear() || !e.isDuplicateOf(ResponseStore.ONE_CONTINUES)) {
        throw e;
      }
    }
    // Another request has continued the previous response meanwhile: this one is a branch.
    return onNewThread(project, request, target.elsewhere(), input, opening);
  }

  /** The answer to a trigger is the compaction alone, which a run on a thread of its own writes. */
  private Created compact(
      ProjectId project, ResponseRequest request, Target target, InputItems input) {
    if (target.thread() != null && !target.isLinear()) {
      throw ApiException.invalid(
          "input", "A conversation is compacted by 'context_management', not by a trigger.");
    }
    var all = history(project, target.elsewhere(), input);
    var spec = compactHistory.spec(request, all).with(request.metadata());
    return start(project, request, target.elsewhere(), input, spec, Opening.none());
  }

  private Target target(ProjectId project, ResponseRequest request) {
    if (request.conversation() != null) {
      var thread = ItemIds.thread(request.conversation());
      if (threads.find(project, thread).isEmpty()) {
        throw ItemErrors.noConversation(request.conversation());
      }
      return new Target(thread, null, false, store.newestOf(thread).orElse(null));
    }
    if (request.previous() == null) {
      return new Target(null, null, false, null);
    }
    var previous =
        store
            .find(project, request.previous())
            .orElseThrow(() -> ItemErrors.noPrevious(request.previous()));
    boolean isLinear =
        request.store()
            && !previous.conversation()
            && !previous.request().path(ResponseObject.AS_COMPACTION).asBoolean()
            && !store.isContinued(previous.id());
    return new Target(isLinear ? previous.thread() : null, previous, isLinear, previous);
  }

  private InputItems input(ProjectId project, ResponseRequest request, Target target) {
    var known = target.previous() == null ? target.thread() : target.previous().thread();
    var mode =
        new ReadItems.Mode(
            true,
            id ->
                known == null
                    ? null
                    : ItemIds.key(id)
                        .flatMap(key -> items.find(project, known, key))
                        .map(item -> showItems.of(project, known, item, Include.NOTHING))
                        .orElse(null));
    var given = request.body().path("input");
    return readItems.read(
        project,
        "input",
        given.isMissingNode() || given.isNull() ? Json.MAPPER.createArrayNode() : given,
        mode);
  }

  /** The calls of the previous response need outputs, and the outputs calls. */
  private void requireOutputs(ProjectId project, Target target, InputItems input) {
    var previous = target.previous();
    var run = runs.find(project, previous.thread(), previous.run());
    if (run.isEmpty()) {
      throw ItemErrors.noPrevious(previous.id());
    }
    var snapshot = run.get().snapshot();
    if (!snapshot.isPausedOrEnded()) {
      throw ApiException.invalid(
          "previous_response_id", "Response '%s' has not ended yet.".formatted(previous.id()));
    }
    for (var pending : snapshot.pendingCalls()) {
      requireOutput(input, pending.id());
    }
  }

  private Created onThread(
      ProjectId project,
      ResponseRequest request,
      Target target,
      InputItems input,
      Opening opening) {
    var spec =
        buildSpec
            .of(project, request, target.system(), input, opening.window())
            .with(onActive(request))
            .withEntries(
                opening.isCompacted() ? opening.entries() : input.entries(), input.outputs());
    var made = new StoredResponse[1];
    var run =
        runs.start(
            project,
            target.thread(),
            spec,
            (tx, thread, id) -> {
              made[0] = response(project, request, target, input, thread, id, opening);
              insert(tx, made[0], request);
              record(tx, made[0], opening);
              codePlace.addFiles(tx, thread, request.tools());
            });
    return new Created(made[0], run);
  }

  /** A call of the conversation that waits for its output blocks it. */
  private void requireConversationAnswered(ProjectId project, ThreadId thread, InputItems input) {
    for (var open : items.openCalls(project, thread)) {
      requireOutput(input, open);
    }
  }

  private static void requireOutput(InputItems input, String call) {
    if (input.outputs().keySet().stream()
        .noneMatch(known -> ThreadItems.storedCallId(known).equals(call))) {
      throw ItemErrors.noOutput(call);
    }
  }

  private static OnActiveRun onActive(ResponseRequest request) {
    return switch (request.onActiveRun()) {
      case REJECT -> OnActiveRun.REJECT;
      case QUEUE -> OnActiveRun.QUEUE;
      case INTERRUPT -> OnActiveRun.INTERRUPT;
    };
  }

  /** A new thread, with the history of the chain if there is one. */
  private Created onNewThread(
      ProjectId project, ResponseRequest request, Target target, InputItems own, Opening opening) {
    var entries =
        opening.isCompacted() ? opening.entries() : history(project, target, own).entries();
    var spec =
        buildSpec.of(project, request, target.system(), own, null).withEntries(entries, Map.of());
    return start(project, request, target, own, spec, opening);
  }

  /** The items of the chain with those of the request, complete with their outputs. */
  private InputItems history(ProjectId project, Target target, InputItems own) {
    var input = own;
    if (target.previous() != null) {
      var all = history.itemsUntil(project, target.previous());
      all.addAll(own.items());
      input = readItems.read(project, "input", all, new ReadItems.Mode(true, _ -> null));
    }
    if (!input.outputs().isEmpty()) {
      throw ItemErrors.noCall(input.outputs().keySet().iterator().next());
    }
    if (input.firstOpenCall() != null) {
      throw ItemErrors.noOutput(input.firstOpenCall());
    }
    return input;
  }

  private Created start(
      ProjectId project,
      ResponseRequest request,
      Target target,
      InputItems own,
      RunSpec spec,
      Opening opening) {
    var made = new StoredResponse[1];
    var run =
        runs.startWithThread(
            project,
            new CreateThread(null, CodePlace.resources(request.tools()), null, null),
            spec,
            (tx, thread, id) -> {
              made[0] = response(project, request, target, own, thread, id, opening);
              threads.hide(tx, thread);
              insert(tx, made[0], request);
              record(tx, made[0], opening);
            });
    return new Created(made[0], run);
  }

  /** The summary of a compaction is a version of the summary of the thread. */
  private void record(Tx tx, StoredResponse response, Opening opening) {
    if (opening.isCompacted() && response.stored()) {
      var model = response.request().path("model").asText();
      recordSummary.record(tx, response.project(), response.thread(), opening.summary(), model);
    }
  }

  /** Approvals continue the run that waits for them: the server makes the calls in it. */
  private Created approve(
      ProjectId project, ResponseRequest request, Target target, InputItems input) {
    var thread = target.previous() == null ? target.thread() : target.previous().thread();
    if (thread == null || !input.entries().isEmpty()) {
      throw ApiException.invalid(
          "input",
          "Send approvals alone, with the previous response or the conversation that asks for them.");
    }
    var waiting = waiting(project, thread);
    var outputs = new HashMap<String, String>(input.outputs());
    input.approvals().forEach((id, decision) -> outputs.put(ItemIds.with("call_", id), decision));
    var made = new StoredResponse[1];
    var run =
        runs.submit(
            project,
            thread,
            waiting.id(),
            outputs,
            (tx, start) -> {
              made[0] =
                  new StoredResponse(
                      ids.next(StoredResponse.PREFIX),
                      project,
                      thread,
                      waiting.id(),
                      clock.instant(),
                      start,
                      request.previous(),
                      target.isLinear() ? request.previous() : null,
                      request.conversation() != null,
                      request.background(),
                      request.store(),
                      ResponseObject.echo(request),
                      shownInput.of(input),
                      target.system());
              insert(tx, made[0], request);
            });
    return new Created(made[0], run);
  }

  /** A request that is repeated with its key leads to this response, if it is stored. */
  private void insert(Tx tx, StoredResponse response, ResponseRequest request) {
    store.insert(tx, response);
    if (response.stored()) {
      IdempotencyContext.note(StoredResponse.PREFIX, response.id());
      if (request.stream()) {
        IdempotencyContext.note(IdempotencyContext.STREAM, response.id());
      }
    }
  }

  private RunSnapshot waiting(ProjectId project, ThreadId thread) {
    return runs.waiting(project, thread)
        .map(RunHandle::snapshot)
        .orElseThrow(
            () -> ApiException.invalid("input", "There is no call that waits for an approval."));
  }

  private StoredResponse response(
      ProjectId project,
      ResponseRequest request,
      Target target,
      InputItems input,
      ThreadId thread,
      RunId run,
      Opening opening) {
    var echo = opening.addTo(ResponseObject.echo(request), target.thread() != null);
    if (CompactHistory.isTriggeredBy(request)) {
      echo.put(ResponseObject.AS_COMPACTION, true);
    }
    return new StoredResponse(
        ItemIds.with(StoredResponse.PREFIX, run.value()),
        project,
        thread,
        run,
        clock.instant(),
        null,
        request.previous(),
        target.isLinear() ? request.previous() : null,
        request.conversation() != null,
        request.background(),
        request.store(),
        echo,
        request.store() ? shownInput.of(input) : Json.MAPPER.createArrayNode(),
        BuildRunSpec.joined(target.system(), input.system()));
  }
}
