package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import dev.threadmill.runs.api.RunUpdate;
import dev.threadmill.runs.api.RunUpdateEncoder;
import dev.threadmill.threads.ContentPart;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Encodes the updates of a run as the events of a response, and builds the response from them. The
 * stream, the awaited response and the retrieved one come from this class alone, so they agree. The
 * same updates give the same events with the same numbers.
 */
final class ResponseEncoder implements RunUpdateEncoder {
  private final StoredResponse stored;
  private final EventWriter writer;
  private final int attemptAtOpen;
  private final OutputItems output = new OutputItems();
  private final OpeningEvents opening;
  private final MessageEvents messages;
  private final ReasoningEvents reasoning;
  private final CallEvents calls;
  private final ClientCallEvents clientCalls;

  /** Calls that are not shown before their arguments are complete. */
  private final Set<String> held = new HashSet<>();

  private RunSnapshot run;
  private boolean isCreated;
  private boolean isInProgress;
  private String status;

  /**
   * @param run at this moment
   * @param attemptAtOpen the attempt of the run at this moment
   * @param writer where the events go
   * @param include what is shown beside the usual fields
   * @param seal makes the encrypted content of an item of reasoning; null if it is not wanted
   * @param sealSummary makes the content of a compaction
   */
  ResponseEncoder(
      StoredResponse stored,
      RunSnapshot run,
      int attemptAtOpen,
      EventWriter writer,
      Function<ReasoningState, String> seal,
      UnaryOperator<String> sealSummary,
      Include include) {
    this.stored = stored;
    this.run = run;
    this.attemptAtOpen = attemptAtOpen;
    this.writer = writer;
    this.status = stored.background() ? "queued" : "in_progress";
    var container = stored.request().path("container").textValue();
    var names = container == null ? SourceNames.of(stored.thread()) : SourceNames.of(container);
    this.messages = new MessageEvents(writer, output, names);
    this.opening = new OpeningEvents(writer, output, sealSummary);
    this.reasoning =
        new ReasoningEvents(
            writer, output, stored.request().path("summary").asBoolean(false), seal);
    this.calls = new CallEvents(writer, output, include, names);
    this.clientCalls = new ClientCallEvents(writer, output, stored.request().path("names"));
  }

  @Override
  public byte[] encode(String id, RunUpdate update) {
    accept(update);
    return writer.take();
  }

  /** A reader that has received more events than there are is told so. */
  @Override
  public byte[] end() {
    if (isEnded() && writer.isBehindReader()) {
      writer.tellLost();
    }
    var frames = writer.take();
    return frames == null ? new byte[0] : frames;
  }

  private void accept(RunUpdate update) {
    if (stored.request().path(ResponseObject.AS_COMPACTION).asBoolean(false)) {
      acceptAsCompaction(update);
      return;
    }
    switch (update) {
      case RunUpdate.StatusChanged(var now) -> statusChanged(now);
      case RunUpdate.ItemStarted(var item) -> started(item);
      case RunUpdate.ItemDelta(var place, var kind, var piece) -> {
        switch (kind) {
          case MESSAGE, COMMENTARY -> messages.delta(place.id(), piece);
          case REASONING -> reasoning.delta(place.id(), piece);
          case REFUSAL -> messages.refusalDelta(place.id(), piece);
          case ARGUMENTS -> {
            clientCalls.delta(place.id(), piece);
            calls.delta(place.id(), piece);
          }
          case OUTPUT, PROGRESS, REMOTE_TASK -> {
            // The API has no events for these.
          }
        }
      }
      case RunUpdate.AnnotationAdded(var place, var index, var annotation) ->
          messages.annotation(place.id(), index, annotation);
      case RunUpdate.ReasoningStored(_, var state) -> reasoning.state(state);
      case RunUpdate.CallReady(var call) -> {
        begin();
        reasoning.flush();
        ready(call);
      }
      case RunUpdate.TakenOver(var attempt) -> takenOver(attempt);
      case RunUpdate.ItemEnded(var item) -> ended(item);
    }
  }

  /** Numbers that a reader has received and that are not stored name other events from here on. */
  private void takenOver(int attempt) {
    if (attempt > attemptAtOpen && writer.isBehindReader()) {
      writer.tellLost();
    }
  }

  /** The answer of the run is the summary, of which only the whole is shown. */
  private void acceptAsCompaction(RunUpdate update) {
    switch (update) {
      case RunUpdate.StatusChanged(var now) -> statusChanged(now);
      case RunUpdate.TakenOver(var attempt) -> takenOver(attempt);
      case RunUpdate.ItemEnded(RunItem.Message message)
          when message.status() == RunItem.Status.COMPLETED -> {
        begin();
        opening.compaction(message.place().id(), message.text());
      }
      default -> {
        // How the summary comes about is not shown.
      }
    }
  }

  private void started(RunItem item) {
    switch (item) {
      case RunItem.Message message -> {
        begin();
        reasoning.flush();
        messages.started(message.place().id(), null);
      }
      case RunItem.Commentary commentary -> {
        begin();
        reasoning.flush();
        messages.started(commentary.place().id(), "commentary");
      }
      case RunItem.Reasoning thought -> {
        begin();
        reasoning.started(thought.place().id());
      }
      case RunItem.Call call -> {
        begin();
        if (OpeningEvents.isOf(call)) {
          opening.started(call);
        } else if (!held.isEmpty() || dependsOnArguments(call)) {
          // Those behind it wait as well: items stand in the order of the calls.
          held.add(call.place().id());
        } else {
          reasoning.callStarted();
          show(call);
        }
      }
    }
  }

  /** Whether it is not known before its arguments are complete what a call is shown as. */
  private boolean dependsOnArguments(RunItem.Call call) {
    return call.tool() == null
        || CallEvents.mayNeedApproval(call)
        || !ClientCallEvents.isForClient(call)
            && !stored.request().path(ResponseObject.EARLY_CALLS).asBoolean();
  }

  private void release(RunItem.Call call) {
    if (held.remove(call.place().id()) && !dependsOnArguments(call)) {
      show(call);
    }
  }

  private void show(RunItem.Call call) {
    if (ClientCallEvents.isForClient(call)) {
      clientCalls.started(call);
    } else {
      calls.started(call);
    }
  }

  private void ready(RunItem.Call call) {
    release(call);
    if (OpeningEvents.isOf(call)) {
      opening.started(call);
    } else if (call.executor() == RunItem.Call.Executor.CLIENT
        || ClientCallEvents.isForClient(call)) {
      clientCalls.ready(call);
    } else {
      calls.ready(call);
    }
  }

  private void ended(RunItem item) {
    switch (item) {
      case RunItem.Message message ->
          messages.ended(
              message.place().id(),
              message.content(),
              message.status() == RunItem.Status.COMPLETED);
      case RunItem.Commentary commentary ->
          messages.ended(
              commentary.place().id(),
              List.of(ContentPart.text(commentary.text())),
              commentary.status() == RunItem.Status.COMPLETED);
      case RunItem.Reasoning thought -> {
        reasoning.ended(thought.place().id(), thought.text());
        if (thought.state() != null) {
          reasoning.state(thought.state());
        }
      }
      case RunItem.Call call -> {
        begin();
        if (OpeningEvents.isOf(call)) {
          opening.ended(call);
        } else {
          release(call);
          clientCalls.ended(call);
          calls.ended(call);
        }
      }
    }
  }

  /** Items that the database has of a run that has not ended. */
  void collect(Iterable<RunItem> items) {
    if (run.started()) {
      begin();
    }
    for (var item : items) {
      if (item.place().index() != RunItem.Place.BEFORE) {
        accept(new RunUpdate.ItemStarted(item));
      }
      if (item instanceof RunItem.Call call && isReady(call)) {
        accept(new RunUpdate.CallReady(call));
      }
      if (item.status() != RunItem.Status.IN_PROGRESS) {
        accept(new RunUpdate.ItemEnded(item));
      }
    }
    reasoning.flush();
  }

  /** A call of the client that was cut off was never ready. */
  private static boolean isReady(RunItem.Call call) {
    return call.executor() != null
        && call.place().index() != RunItem.Place.BEFORE
        && (call.executor() != RunItem.Call.Executor.CLIENT
            || call.status() != RunItem.Status.INCOMPLETE);
  }

  private void statusChanged(RunSnapshot now) {
    run = now;
    switch (now.status()) {
      case QUEUED -> created();
      case IN_PROGRESS -> begin();
      case CANCELLING -> {
        // The end follows.
      }
      case REQUIRES_ACTION, COMPLETED -> end("completed");
      case INCOMPLETE -> end("incomplete");
      case FAILED, EXPIRED -> end("failed");
      case CANCELLED -> {
        // No event says so: the stream ends without one.
        reasoning.flush();
        status = "cancelled";
      }
    }
  }

  private void created() {
    if (!isCreated) {
      isCreated = true;
      var first = stored.background() ? "queued" : "in_progress";
      lifecycle("created", first);
      if (stored.background()) {
        lifecycle("queued", first);
      }
    }
  }

  private void begin() {
    created();
    if (!isInProgress) {
      isInProgress = true;
      status = "in_progress";
      lifecycle("in_progress", status);
      stored.request().path(Opening.ITEMS).forEach(opening::stored);
      stored.request().path(ApproveCalls.APPROVED).forEach(calls::approved);
    }
  }

  private void end(String how) {
    begin();
    reasoning.flush();
    calls.flush();
    clientCalls.flush();
    status = how;
    lifecycle(how, how);
  }

  private void lifecycle(String name, String shownStatus) {
    if (!writer.writesNext()) {
      writer.skip();
      return;
    }
    var fields = EventWriter.event();
    fields.set("response", ResponseObject.of(stored, shownStatus, run, output.output()));
    writer.write("response." + name, fields);
  }

  /** The response as far as it is known. */
  ObjectNode response() {
    return ResponseObject.of(stored, status, run, output.output());
  }

  /** The response in another status, with what is known of its output. */
  ObjectNode response(String otherStatus) {
    return ResponseObject.of(stored, otherStatus, run, output.output());
  }

  /** Whether the response has ended. */
  boolean isEnded() {
    return !status.equals("queued") && !status.equals("in_progress");
  }

  /** The status of a response whose run is in this state and has not reached its end. */
  static String statusOf(StoredResponse stored, RunState state) {
    return state == RunState.QUEUED && stored.background() ? "queued" : "in_progress";
  }
}
