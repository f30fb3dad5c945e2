package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.Json;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.projects.Caller;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.items.ItemErrors;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.protocols.responses.items.ReadItems;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.runs.api.ThreadItem;
import dev.threadmill.runs.api.ThreadItems;
import dev.threadmill.threads.ActiveRunException;
import dev.threadmill.threads.ConversationThread;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.ThreadStore;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Conversations over HTTP: threads in the terms of the Conversations API. */
@Path("/v1/conversations")
@RunOnVirtualThread
@Tag(name = "Conversations", description = "Threads, in the terms of the Conversations API")
public class ConversationResource {
  private static final int MAX_ITEMS = 20;

  private final ThreadStore threads;
  private final ThreadItems items;
  private final ReadItems readItems;
  private final ShowItems showItems;
  private final ImageUrls imageUrls;

  ConversationResource(
      ThreadStore threads,
      ThreadItems items,
      ReadItems readItems,
      ShowItems showItems,
      ImageUrls imageUrls) {
    this.imageUrls = imageUrls;
    this.threads = threads;
    this.items = items;
    this.readItems = readItems;
    this.showItems = showItems;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(summary = "Create a conversation", description = "With up to 20 items.")
  public ConversationObject create(InputStream body) throws IOException {
    var project = Caller.current().project();
    var request = RequestFields.body(body);
    var metadata = RequestFields.metadata(request);
    var given = request.path("items");
    var read =
        RequestFields.isAbsent(given)
            ? read(project, null, Json.MAPPER.createArrayNode())
            : read(project, null, required(given));
    if (!read.outputs().isEmpty()) {
      throw ItemErrors.noCall(read.outputs().keySet().iterator().next());
    }
    var thread =
        new NewThread(project, null, null, metadata == null ? Metadata.EMPTY : metadata, List.of());
    return object(threads.get(project, items.create(project, thread, read.entries())));
  }

  @GET
  @Operation(
      summary = "List conversations",
      description = "Threads that the Assistants API has created are among them.")
  public Page<ConversationObject> list(@BeanParam PageRequest page) {
    var found =
        threads
            .list(
                Caller.current().project(),
                null,
                Map.of(),
                page.withIds(id -> ItemIds.thread(id).value()))
            .map(ConversationResource::object);
    var data = found.data();
    return new Page<>(
        "list",
        data,
        data.isEmpty() ? "" : data.getFirst().id(),
        data.isEmpty() ? "" : data.getLast().id(),
        found.hasMore());
  }

  @GET
  @Path("{conversation_id}")
  @Operation(summary = "Retrieve a conversation")
  public ConversationObject get(@PathParam("conversation_id") String id) {
    return object(thread(Caller.current().project(), id));
  }

  @POST
  @Path("{conversation_id}")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(summary = "Modify the metadata of a conversation")
  public ConversationObject modify(@PathParam("conversation_id") String id, InputStream body)
      throws IOException {
    var project = Caller.current().project();
    var metadata = RequestFields.metadata(RequestFields.body(body));
    if (metadata == null) {
      return object(thread(project, id));
    }
    return threads
        .setMetadata(project, ItemIds.thread(id), metadata)
        .map(ConversationResource::object)
        .orElseThrow(() -> ItemErrors.noConversation(id));
  }

  @DELETE
  @Path("{conversation_id}")
  @Operation(summary = "Delete a conversation with its items and responses")
  public Deleted delete(@PathParam("conversation_id") String id) {
    var project = Caller.current().project();
    var thread = thread(project, id).id();
    threads.deleteAndCommit(project, thread);
    return new Deleted(ItemIds.conversation(thread), "conversation.deleted", true);
  }

  @POST
  @Path("{conversation_id}/items")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(
      summary = "Add items to a conversation",
      description = "The output of a function call that a run waits for continues that run.")
  public Page<JsonNode> add(
      @PathParam("conversation_id") String id,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare,
      InputStream body)
      throws IOException {
    var included = Include.of(include, includeBare);
    var project = Caller.current().project();
    var thread = thread(project, id).id();
    var given = RequestFields.body(body).path("items");
    if (RequestFields.isAbsent(given)) {
      throw ApiException.missing("items");
    }
    var read = read(project, thread, required(given));
    var added = unlessLocked(() -> items.append(project, thread, read.entries(), read.outputs()));
    var all = new ArrayList<ThreadItem>(added);
    read.outputs()
        .keySet()
        .forEach(
            call ->
                find(project, thread, ItemIds.with(ItemIds.OUTPUT, ThreadItems.storedCallId(call)))
                    .ifPresent(all::add));
    return page(shown(project, thread, all, included), false);
  }

  private static <T> T unlessLocked(Supplier<T> work) {
    try {
      return work.get();
    } catch (ActiveRunException e) {
      throw ItemErrors.locked();
    }
  }

  @GET
  @Path("{conversation_id}/items")
  @Operation(summary = "List the items of a conversation")
  public Page<JsonNode> list(
      @PathParam("conversation_id") String id,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare,
      @BeanParam PageRequest request) {
    var included = Include.of(include, includeBare);
    var project = Caller.current().project();
    var thread = thread(project, id).id();
    var after =
        request.after() == null
            ? null
            : ItemIds.key(request.after())
                .orElseThrow(
                    () ->
                        ApiException.invalid(
                            "after", "Invalid 'after': there is no such item in this list."));
    var found = items.list(project, thread, after, request);
    return page(shown(project, thread, found.data(), included), found.hasMore());
  }

  private List<JsonNode> shown(
      ProjectId project, ThreadId thread, List<ThreadItem> found, Include included) {
    return imageUrls.shown(project, showItems.of(project, thread, found, included), included);
  }

  @GET
  @Path("{conversation_id}/items/{item_id}")
  @Operation(summary = "Retrieve an item of a conversation")
  @APIResponse(responseCode = "200", content = @Content(schema = @Schema(type = SchemaType.OBJECT)))
  public JsonNode item(
      @PathParam("conversation_id") String id,
      @PathParam("item_id") String item,
      @QueryParam("include[]") List<String> include,
      @QueryParam("include") List<String> includeBare) {
    var included = Include.of(include, includeBare);
    var project = Caller.current().project();
    var thread = thread(project, id).id();
    return find(project, thread, item)
        .map(found -> shown(project, thread, List.of(found), included).getFirst())
        .orElseThrow(() -> ItemErrors.noItem(item));
  }

  @DELETE
  @Path("{conversation_id}/items/{item_id}")
  @Operation(
      summary = "Delete an item of a conversation",
      description = "A function call and its output are deleted together.")
  public ConversationObject deleteItem(
      @PathParam("conversation_id") String id, @PathParam("item_id") String item) {
    var project = Caller.current().project();
    var conversation = thread(project, id);
    var key = ItemIds.key(item).orElseThrow(() -> ItemErrors.noItem(item));
    if (!unlessLocked(() -> items.delete(project, conversation.id(), key))) {
      throw ItemErrors.noItem(item);
    }
    return object(conversation);
  }

  private Optional<ThreadItem> find(ProjectId project, ThreadId thread, String item) {
    return ItemIds.key(item).flatMap(key -> items.find(project, thread, key));
  }

  private InputItems read(ProjectId project, ThreadId thread, JsonNode given) {
    var mode =
        new ReadItems.Mode(
            false,
            id ->
                thread == null
                    ? null
                    : find(project, thread, id)
                        .map(found -> showItems.of(project, thread, found, Include.NOTHING))
                        .orElse(null));
    var read = readItems.read(project, "items", given, mode);
    if (!read.approvals().isEmpty()) {
      throw ApiException.invalid(
          "items", "unsupported_value", "Send approvals with the next response.");
    }
    return read;
  }

  private static JsonNode required(JsonNode given) {
    if (!given.isArray()) {
      throw RequestFields.type("items", "a list of items");
    }
    if (given.size() > MAX_ITEMS) {
      throw ApiException.invalid(
          "items",
          "array_above_max_length",
          "Invalid 'items': array too long. Expected an array with maximum length %d, but got an array with length %d instead."
              .formatted(MAX_ITEMS, given.size()));
    }
    return given;
  }

  private ConversationThread thread(ProjectId project, String id) {
    return threads
        .find(project, ItemIds.thread(id))
        .orElseThrow(() -> ItemErrors.noConversation(id));
  }

  private static Page<JsonNode> page(List<JsonNode> data, boolean hasMore) {
    return new Page<>(
        "list",
        data,
        data.isEmpty() ? "" : ItemObjects.id(data.getFirst()),
        data.isEmpty() ? "" : ItemObjects.id(data.getLast()),
        hasMore);
  }

  private static ConversationObject object(ConversationThread thread) {
    return ConversationObject.of(thread);
  }
}
