package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ThreadId;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Threads over HTTP. */
@Path("/v1/threads")
@RunOnVirtualThread
@Tag(name = "Threads", description = "Stored conversations")
public class ThreadResource {
  private final ThreadStore threads;
  private final PrepareThread prepareThread;
  private final ForkThread forkThread;
  private final Tokenizer tokenizer;

  ThreadResource(
      ThreadStore threads,
      PrepareThread prepareThread,
      ForkThread forkThread,
      Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.threads = threads;
    this.prepareThread = prepareThread;
    this.forkThread = forkThread;
  }

  @POST
  @Operation(summary = "Create a thread")
  public ThreadObject create(CreateThread request) {
    var body = request == null ? CreateThread.empty() : request;
    var thread = prepareThread.prepare(Caller.current().project(), "", body);
    return ThreadObject.of(threads.createAndCommit(thread));
  }

  @GET
  @Operation(
      summary = "List threads",
      description = "Filtered by assistant_id and metadata[key]=value, if given.")
  public Page<ThreadObject> list(
      @BeanParam PageRequest page,
      @QueryParam("assistant_id") AssistantId assistant,
      @Context UriInfo uri) {
    var metadata =
        MetadataFilter.of(
            uri.getQueryParameters(),
            text -> tokenizer.forSearch(Caller.current().project(), text));
    return threads
        .list(Caller.current().project(), assistant, metadata, page)
        .map(ThreadObject::of);
  }

  @GET
  @Path("{thread_id}")
  @Operation(summary = "Retrieve a thread")
  public ThreadObject get(@PathParam("thread_id") ThreadId id) {
    return ThreadObject.of(threads.get(Caller.current().project(), id));
  }

  @POST
  @Path("{thread_id}")
  @Operation(
      summary = "Modify a thread",
      description = "An archived thread can be read, but takes no messages and no runs.")
  public ThreadObject modify(@PathParam("thread_id") ThreadId id, ModifyThread request) {
    var project = Caller.current().project();
    var change = (request == null ? ModifyThread.nothing() : request).owned();
    prepareThread.requireExisting(
        project, change.assistantId().orElse(null), change.toolResources().orElse(null));
    return threads
        .modify(project, id, change)
        .map(ThreadObject::of)
        .orElseThrow(() -> ApiException.notFound("thread", id));
  }

  @POST
  @Path("{thread_id}/fork")
  @Operation(
      summary = "Fork a thread",
      description =
          "Creates a new thread with copies of all messages up to message_id, and of the tool calls"
              + " between them. The source does not change.")
  public ThreadObject fork(@PathParam("thread_id") ThreadId id, ForkThread.ForkRequest request) {
    var project = Caller.current().project();
    var body = (request == null ? ForkThread.ForkRequest.nothing() : request).owned();
    prepareThread.requireExisting(project, body.assistantId().orElse(null), null);
    return ThreadObject.of(forkThread.fork(project, id, body));
  }

  @DELETE
  @Path("{thread_id}")
  @Operation(summary = "Delete a thread with its messages and runs")
  public Deleted delete(@PathParam("thread_id") ThreadId id) {
    threads.deleteAndCommit(Caller.current().project(), id);
    return Deleted.of(id, "thread");
  }
}
