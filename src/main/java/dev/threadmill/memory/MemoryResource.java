package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The memory of a thread over HTTP. */
@Path("/v1/threads/{thread_id}/memory")
@RunOnVirtualThread
@Tag(name = "Memory", description = "What a thread remembers beyond the window of its model")
public class MemoryResource {
  private static final int DEFAULT_LIMIT = 10;
  private static final int MAX_LIMIT = 100;

  private final ReadMemory read;

  MemoryResource(ReadMemory read) {
    this.read = read;
  }

  @GET
  @Operation(
      summary = "Look into a thread's memory",
      description =
          "The summary, and what the query recalls, best first. Without a query the newest user"
              + " message is the query. Scores are likelihoods from 0 to 1.")
  public MemoryObject get(
      @PathParam("thread_id") ThreadId thread,
      @QueryParam("query") String query,
      @QueryParam("limit") String limit)
      throws InterruptedException {
    return read.of(Caller.current().project(), thread, query, limit(limit));
  }

  private static int limit(String limit) {
    if (limit == null || limit.isEmpty()) {
      return DEFAULT_LIMIT;
    }
    try {
      int value = Integer.parseInt(limit);
      if (value >= 1 && value <= MAX_LIMIT) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw ApiException.invalid("limit", "Invalid 'limit': expected an integer from 1 to 100.");
  }
}
