package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ObjectLookup;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.sse.EventStream;
import dev.threadmill.api.sse.StreamLookup;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.runs.api.RunClient;
import dev.threadmill.runs.api.RunHandle;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Finds the response of a request that is repeated with its idempotency key. */
@ApplicationScoped
class ResponseLookup implements ObjectLookup, StreamLookup {
  private final ResponseStore store;
  private final RunClient runs;
  private final FollowResponse followResponse;

  ResponseLookup(ResponseStore store, RunClient runs, FollowResponse followResponse) {
    this.store = store;
    this.runs = runs;
    this.followResponse = followResponse;
  }

  @Override
  public String prefix() {
    return StoredResponse.PREFIX;
  }

  private Optional<RunHandle> run(StoredResponse response) {
    return runs.find(response.project(), response.thread(), response.run());
  }

  /** A response that is not in the background is answered whole, as its request would have been. */
  @Override
  public Optional<Object> find(ProjectId project, String thread, String id) {
    return store
        .find(project, id)
        .flatMap(response -> run(response).map(run -> answer(response, run)));
  }

  private ObjectNode answer(StoredResponse response, RunHandle run) {
    var include = Include.of(response.request());
    if (response.background()) {
      return followResponse.now(response, run, include);
    }
    try {
      var whole = followResponse.awaitStored(response, run, include);
      FollowResponse.requireFitting(whole);
      return whole;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The server is stopping.", 1);
    }
  }

  @Override
  public EventStream open(ProjectId project, String address, String lastEventId) {
    var response = store.find(project, address).orElseThrow(() -> ItemErrors.noResponse(address));
    var run = run(response).orElseThrow(() -> ItemErrors.noResponse(address));
    var include = Include.of(response.request());
    return followResponse.stream(response, run, include, number(lastEventId), false);
  }

  private static long number(String lastEventId) {
    try {
      return lastEventId == null ? -1 : Math.max(-1, Long.parseLong(lastEventId));
    } catch (NumberFormatException e) {
      throw ApiException.invalid(
          "Last-Event-ID", "Invalid 'Last-Event-ID': expected the number of an event.");
    }
  }
}
