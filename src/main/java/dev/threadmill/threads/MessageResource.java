package dev.threadmill.threads;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Field;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.projects.Caller;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The messages of a thread over HTTP. */
@Path("/v1/threads/{thread_id}/messages")
@RunOnVirtualThread
@Tag(name = "Messages", description = "The messages of a thread")
public class MessageResource {
  private final Jdbc jdbc;
  private final ThreadStore threads;
  private final MessageStore messages;
  private final PrepareMessages prepareMessages;
  private final ToolMessageHandler toolMessages;

  MessageResource(
      Jdbc jdbc,
      ThreadStore threads,
      MessageStore messages,
      PrepareMessages prepareMessages,
      ToolMessageHandler toolMessages) {
    this.jdbc = jdbc;
    this.threads = threads;
    this.messages = messages;
    this.prepareMessages = prepareMessages;
    this.toolMessages = toolMessages;
  }

  @POST
  @Operation(
      summary = "Create a message",
      description = "A message of role 'tool' is the output of the tool call that it names.")
  public MessageObject create(@PathParam("thread_id") ThreadId thread, CreateMessage request) {
    var project = Caller.current().project();
    if (request.role() == CreateMessage.Role.TOOL) {
      return toolMessages.submit(project, thread, request.toolCallId(), request.text());
    }
    var message = prepareMessages.prepare(project, request);
    var created =
        jdbc.inTransaction(
            tx ->
                messages.append(
                    tx,
                    threads.lock(tx, project, thread, 1).requireOpenForMessages(),
                    List.of(message)));
    return MessageObject.of(created.getFirst());
  }

  @GET
  @Operation(summary = "List the messages of a thread")
  public Page<MessageObject> list(
      @PathParam("thread_id") ThreadId thread,
      @BeanParam PageRequest page,
      @QueryParam("run_id") RunId run) {
    var project = Caller.current().project();
    var found = messages.list(project, thread, run, page);
    if (found.data().isEmpty()) {
      threads.get(project, thread);
    }
    return found.map(MessageObject::of);
  }

  @GET
  @Path("{message_id}")
  @Operation(summary = "Retrieve a message")
  public MessageObject get(
      @PathParam("thread_id") ThreadId thread, @PathParam("message_id") MessageId id) {
    return messages
        .find(Caller.current().project(), thread, id)
        .map(MessageObject::of)
        .orElseThrow(() -> ApiException.notFound("message", id));
  }

  @POST
  @Path("{message_id}")
  @Operation(summary = "Modify the metadata of a message")
  public MessageObject modify(
      @PathParam("thread_id") ThreadId thread,
      @PathParam("message_id") MessageId id,
      ModifyMessage request) {
    var project = Caller.current().project();
    if (request != null && request.metadata() instanceof Field.Present<Metadata>(var metadata)) {
      messages.setMetadata(project, thread, id, metadata);
    }
    return get(thread, id);
  }

  @DELETE
  @Path("{message_id}")
  @Operation(
      summary = "Delete a message",
      description = "Refused while a run of the thread is active.")
  public Deleted delete(
      @PathParam("thread_id") ThreadId thread, @PathParam("message_id") MessageId id) {
    var project = Caller.current().project();
    jdbc.runInTransaction(
        tx -> {
          threads.lock(tx, project, thread, 0).requireIdle("messages of " + thread);
          if (!messages.delete(tx, thread, id)) {
            throw ApiException.notFound("message", id);
          }
        });
    return Deleted.of(id, "thread.message");
  }
}
