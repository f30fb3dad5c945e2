package dev.threadmill.protocols.responses;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.protocols.responses.items.InputFiles;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.ThreadItems;
import dev.threadmill.runs.spec.OnActiveRun;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.threads.ActiveRunException;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.CreateThread;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
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
  private final InputFiles inputFiles;
  private final ThreadItems items;
  private final ThreadStore threads;
  private final CodePlace codePlace;
  private final ShowItems showItems;
  private final SealedItems sealed;
  private final BuildRunSpec buildSpec;
  private final CompactHistory compactHistory;
  private final ApproveCalls approveCalls;
  private final RecordResponse recordResponse;

  CreateResponse(
      RunClient runs,
      ResponseStore store,
      ReadHistory history,
      ReadItems readItems,
      InputFiles inputFiles,
      ThreadItems items,
      ThreadStore threads,
      CodePlace codePlace,
      ShowItems showItems,
      SealedItems sealed,
      BuildRunSpec buildSpec,
      CompactHistory compactHistory,
      ApproveCalls approveCalls,
      RecordResponse recordResponse) {
    this.runs = runs;
    this.store = store;
    this.history = history;
    this.readItems = readItems;
    this.inputFiles = inputFiles;
    this.items = items;
    this.threads = threads;
    this.codePlace = codePlace;
    this.showItems = showItems;
    this.sealed = sealed;
    this.buildSpec = buildSpec;
    this.compactHistory = compactHistory;
    this.approveCalls = approveCalls;
    this.recordResponse = recordResponse;
  }

  /** A response that was created, and its run. */
  record Created(StoredResponse response, RunHandle run) {
    /** Whether nothing of it remains when it ends. */
    boolean isEphemeral() {
      return !response.stored();
    }
  }

  /**
   * Creates a response.
   *
   * @throws ApiException 400 or 404, as the request has it; 429 if a limit of the project is
   *     reached
   */
  Created create(ProjectId project, ResponseRequest request) {
    if (request.include().encryptedReasoning() || request.compactThreshold() != null) {
      sealed.requireUsable(project);
    }
    var target = target(project, request);
    var input = input(project, request, target);
    codePlace.requireUsable(project, request.tools());
    if (!input.approvals().isEmpty()) {
      var continued = approveCalls.approve(project, request, target, input);
      if (continued.isPresent()) {
        return continued.get();
      }
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
    if (target.thread() != null) {
      try {
        return onThread(project, request, target, input);
      } catch (ActiveRunException e) {
        if (!target.isLinear()) {
          throw ItemErrors.locked();
        }
      } catch (DatabaseException e) {
        if (!target.isLinear() || !e.isDuplicateOf(ResponseStore.ONE_CONTINUES)) {
          throw e;
        }
      }
    }
    // A new chain, or a branch: another request has continued the previous response meanwhile.
    return onNewThread(project, request, target.elsewhere(), input);
  }

  /** The answer to a trigger is the compaction alone, which a run on a thread of its own writes. */
  private Created compact(
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems input) {
    if (target.thread() != null && !target.isLinear()) {
      throw ApiException.invalid(
          "input", "A conversation is compacted by 'context_management', not by a trigger.");
    }
    var all = history(project, target.elsewhere(), input);
    var spec = compactHistory.spec(request, all).with(request.metadata());
    return start(project, request, target.elsewhere(), input, spec, Opening.NONE);
  }

  private ResponseTarget target(ProjectId project, ResponseRequest request) {
    if (request.conversation() != null) {
      var thread = ItemIds.thread(request.conversation());
      if (threads.find(project, thread).isEmpty()) {
        throw ItemErrors.noConversation(request.conversation());
      }
      return new ResponseTarget(project, thread, null, false, store.newestOf(thread).orElse(null));
    }
    if (request.previous() == null) {
      return new ResponseTarget(project, null, null, false, null);
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
    return new ResponseTarget(
        project, isLinear ? previous.thread() : null, previous, isLinear, previous);
  }

  private InputItems input(ProjectId project, ResponseRequest request, ResponseTarget target) {
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
                            .orElse(null))
            .storingFiles(request.store());
    var given = request.body().path("input");
    return readItems.read(
        project,
        "input",
        given.isMissingNode() || given.isNull() ? Json.MAPPER.createArrayNode() : given,
        mode);
  }

  /** The calls of the previous response need outputs, and the outputs calls. */
  private void requireOutputs(ProjectId project, ResponseTarget target, InputItems input) {
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
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems input) {
    var opening = Opening.of(request, target, input, input.entries());
    var spec =
        buildSpec
            .of(project, request, target.system(), input, opening)
            .with(onActive(request))
            .withEntries(input.entries(), input.outputs());
    var made = new StoredResponse[1];
    var run =
        runs.start(
            project,
            target.thread(),
            spec,
            (tx, thread, id) -> {
              made[0] = recordResponse.ofRun(tx, request, target, input, thread, id, opening);
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
      ProjectId project, ResponseRequest request, ResponseTarget target, InputItems own) {
    var entries = history(project, target, own).entries();
    var added = target.previous() == null ? Opening.behindLastAnswer(entries) : own.entries();
    var opening = Opening.of(request, target, own, added);
    var spec =
        buildSpec
            .of(project, request, target.system(), own, opening)
            .withEntries(entries, Map.of());
    return start(project, request, target, own, spec, opening);
  }

  /** A file of the request, or one of the chain, which is copied. */
  private ContentPart.File file(ProjectId project, InputItems own, String id) {
    var data = own.files().get(id);
    return data == null ? inputFiles.copyOf(project, id) : new ContentPart.File(id, data);
  }

  /** The items of the chain with those of the request, complete with their outputs. */
  private InputItems history(ProjectId project, ResponseTarget target, InputItems own) {
    var input = own;
    if (target.previous() != null) {
      var all = history.itemsUntil(project, target.previous());
      all.addAll(own.items());
      input =
          readItems.read(
              project, "input", all, ReadItems.Mode.ofHistory(id -> file(project, own, id)));
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
      ResponseTarget target,
      InputItems own,
      RunSpec spec,
      Opening opening) {
    var made = new StoredResponse[1];
    var run =
        runs.startWithHiddenThread(
            project,
            new CreateThread(null, CodePlace.resources(request.tools()), null, null),
            spec,
            (tx, thread, id) ->
                made[0] = recordResponse.ofRun(tx, request, target, own, thread, id, opening));
    return new Created(made[0], run);
  }
}
