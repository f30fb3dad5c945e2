package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.protocols.responses.items.SealedItems;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunHandle;
import dev.threadmill.runs.api.RunItem;
import dev.threadmill.runs.api.RunState;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/** Follows the run of a response: as a stream, until it ends, or as it is at the moment. */
@ApplicationScoped
class FollowResponse {
  private final SealedItems sealed;

  FollowResponse(SealedItems sealed) {
    this.sealed = sealed;
  }

  private ResponseEncoder encoder(
      StoredResponse response, RunHandle run, EventWriter writer, Include include) {
    Function<ReasoningState, String> seal =
        include.encryptedReasoning() || response.request().path("encrypted").asBoolean(false)
            ? state -> sealed.reasoning(response.project(), state)
            : null;
    return new ResponseEncoder(
        response,
        run.snapshot(),
        run.attempt(),
        writer,
        seal,
        summary -> sealed.compaction(response.project(), summary),
        include);
  }

  /**
   * The events of a response.
   *
   * @param after the number of the last event that the client has received; -1 for none
   * @param obfuscates whether deltas get padding
   */
  EventStream stream(
      StoredResponse response, RunHandle run, Include include, long after, boolean obfuscates) {
    var writer = EventWriter.behind(after, obfuscates);
    return replayable(
        response, run.stream(encoder(response, run, writer, include), true, response.start()));
  }

  /** As {@link #stream}, of a run that was just started. */
  EventStream started(StoredResponse response, RunHandle run, Include include, boolean obfuscates) {
    var writer = EventWriter.behind(-1, obfuscates);
    return replayable(response, run.stream(encoder(response, run, writer, include), true, null));
  }

  private static EventStream replayable(StoredResponse response, EventStream events) {
    return response.stored() ? new ReplayableStream(events, response.id()) : events;
  }

  /** Waits until the response has ended. Holds only the calling thread, a virtual one. */
  ObjectNode await(StoredResponse response, RunHandle run, Include include)
      throws InterruptedException {
    var encoder = encoder(response, run, EventWriter.counting(), include);
    drain(run.stream(encoder, true, null));
    return encoder.response();
  }

  /** As {@link #await}, of a response that was read from the database. */
  ObjectNode awaitStored(StoredResponse response, RunHandle run, Include include)
      throws InterruptedException {
    var encoder = encoder(response, run, EventWriter.counting(), include);
    drain(run.stream(encoder, true, response.start()));
    return encoder.response();
  }

  private static void drain(EventStream stream) throws InterruptedException {
    AnswerMemory.current().release();
    var changes = new Semaphore(0);
    stream.open(changes::release);
    try {
      for (var next = stream.next(Integer.MAX_VALUE);
          !next.last();
          next = stream.next(Integer.MAX_VALUE)) {
        if (next.frames() == null) {
          changes.acquire();
          changes.drainPermits();
        }
      }
    } finally {
      stream.close();
    }
  }

  /** The response at this moment. */
  ObjectNode now(StoredResponse response, RunHandle run, Include include) {
    var encoder = encoder(response, run, EventWriter.counting(), include);
    var found = run.items(true, response.start());
    encoder.collect(found);
    return encoder.response(status(response, run, found));
  }

  /** A response ends where its run waits for the client, whatever becomes of the run. */
  private static String status(StoredResponse response, RunHandle run, List<RunItem> found) {
    if (found.stream().anyMatch(FollowResponse::isForClient)) {
      return "completed";
    }
    return switch (run.snapshot().status()) {
      case QUEUED, IN_PROGRESS, CANCELLING -> {
        var state = run.snapshot().status();
        yield ResponseEncoder.statusOf(
            response, state == RunState.QUEUED && run.snapshot().started() ? null : state);
      }
      case REQUIRES_ACTION, COMPLETED -> "completed";
      case INCOMPLETE -> "incomplete";
      case FAILED, EXPIRED -> "failed";
      case CANCELLED -> "cancelled";
    };
  }

  private static boolean isForClient(RunItem item) {
    return item instanceof RunItem.Call call
        && call.status() == RunItem.Status.IN_PROGRESS
        && (call.executor() == RunItem.Call.Executor.CLIENT
            || call.executor() == RunItem.Call.Executor.APPROVAL);
  }

  /** 400 for a response that failed because its input is too long. */
  static void requireFitting(ObjectNode response) {
    if (response.at("/error/code").asText("").equals(ResponseObject.CONTEXT_LENGTH)
        && response.path("output").isEmpty()) {
      throw ApiException.invalid(
          "input", ResponseObject.CONTEXT_LENGTH, response.at("/error/message").asText());
    }
  }
}
