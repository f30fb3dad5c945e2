package dev.threadmill.runs.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.runs.BeforeInsert;
import dev.threadmill.runs.CreateRun;
import dev.threadmill.runs.spec.RunSpec;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.streams.RunStreams;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The stream of the run that answers a message. */
@Path("/v1/threads/{thread_id}/messages/{message_id}/stream")
@RunOnVirtualThread
@Tag(name = "Runs")
public class MessageStreamResource {
  private final MessageStore messages;
  private final RunStore runs;
  private final CreateRun createRun;
  private final RunStreams streams;

  MessageStreamResource(
      MessageStore messages, RunStore runs, CreateRun createRun, RunStreams streams) {
    this.messages = messages;
    this.runs = runs;
    this.createRun = createRun;
    this.streams = streams;
  }

  @GET
  @Produces(MediaType.SERVER_SENT_EVENTS)
  @Operation(
      summary = "Stream the run that answers a message",
      description =
          "If no run has been started since the message was added, one is started with the thread's"
              + " assistant.")
  public Response stream(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("message_id") MessageId id,
      @HeaderParam("Last-Event-ID") String lastEventId) {
    var project = Caller.current().project();
    var message =
        messages.find(project, thread, id).orElseThrow(() -> ApiException.notFound("message", id));
    var run = answering(project, message);
    return Response.ok(streams.attach(run, lastEventId), MediaType.SERVER_SENT_EVENTS_TYPE).build();
  }

  private Run answering(ProjectId project, Message message) {
    if (message.runId() != null) {
      return runs.get(project, message.threadId(), message.runId());
    }
    var found = runs.firstAfter(message.threadId(), message.createdAt());
    if (found.isPresent()) {
      return found.get();
    }
    try {
      return createRun
          .create(project, message.threadId(), RunSpec.ofThreadsAssistant(), BeforeInsert.NONE)
          .run();
    } catch (ApiException e) {
      // A concurrent request may have created the run.
      return runs.firstAfter(message.threadId(), message.createdAt()).orElseThrow(() -> e);
    }
  }
}
