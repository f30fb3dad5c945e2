package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.IdempotencyContext;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunSnapshot;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/** Stores a response in the transaction that starts or continues its run. */
@ApplicationScoped
class RecordResponse {
  private final ResponseStore store;
  private final ShownInput shownInput;
  private final Ids ids;
  private final InstantSource clock;

  RecordResponse(ResponseStore store, ShownInput shownInput, Ids ids, InstantSource clock) {
    this.store = store;
    this.shownInput = shownInput;
    this.ids = ids;
    this.clock = clock;
  }

  /** The response that a run begins with. */
  StoredResponse ofRun(
      Tx tx,
      ResponseRequest request,
      ResponseTarget target,
      InputItems input,
      ThreadId thread,
      RunId run,
      Opening opening) {
    var echo = opening.addTo(ResponseObject.echo(request));
    if (CompactHistory.isTriggeredBy(request)) {
      echo.put(ResponseObject.AS_COMPACTION, true);
    }
    var response =
        new StoredResponse(
            ItemIds.with(StoredResponse.PREFIX, run.value()),
            target.project(),
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
    insert(tx, response, request);
    return response;
  }

  /**
   * The response that begins where approvals continue a run.
   *
   * @param waiting the run, which waits for the approvals
   * @param approved the calls that are made
   * @param start the event of the run behind which it begins
   */
  StoredResponse ofApproval(
      Tx tx,
      ResponseRequest request,
      ResponseTarget target,
      InputItems input,
      RunSnapshot waiting,
      ArrayNode approved,
      String start) {
    var echo = withStateOf(target, ResponseObject.echo(request));
    echo.set(ApproveCalls.APPROVED, approved);
    var response =
        new StoredResponse(
            ids.next(StoredResponse.PREFIX),
            target.project(),
            waiting.thread(),
            waiting.id(),
            clock.instant(),
            start,
            request.previous(),
            target.isLinear() ? target.previous().id() : null,
            request.conversation() != null,
            request.background(),
            request.store(),
            echo,
            shownInput.of(input),
            target.system());
    insert(tx, response, request);
    return response;
  }

  /** What is known of the chain holds behind the approval as well. */
  private static ObjectNode withStateOf(ResponseTarget target, ObjectNode echo) {
    if (target.latest() != null) {
      for (var field : List.of(Opening.LISTED, Opening.COMPACTED)) {
        if (target.latest().request().has(field)) {
          echo.set(field, target.latest().request().get(field));
        }
      }
    }
    return echo;
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
}
