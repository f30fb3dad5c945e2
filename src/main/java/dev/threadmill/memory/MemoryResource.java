package dev.threadmill.memory;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Deleted;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ThreadId;
import dev.threadmill.memory.recall.TextStore;
import dev.threadmill.privacy.Tokenizer;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.tracing.GenAi;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.function.Function;
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
  private final SummaryStore summaries;
  private final FactStore facts;
  private final EditMemory edit;
  private final ForgetMemory forget;
  private final TraceMemory trace;
  private final Tokenizer tokenizer;

  MemoryResource(
      ReadMemory read,
      SummaryStore summaries,
      FactStore facts,
      EditMemory edit,
      ForgetMemory forget,
      TraceMemory trace,
      Tokenizer tokenizer) {
    this.trace = trace;
    this.tokenizer = tokenizer;
    this.read = read;
    this.summaries = summaries;
    this.facts = facts;
    this.edit = edit;
    this.forget = forget;
  }

  @GET
  @Operation(
      summary = "Look into a thread's memory",
      description =
          "The summary, and what the query recalls, best first. Without a query the newest user"
              + " message is the query. Scores are likelihoods from 0 to 1.")
  public MemoryObject get(
      @PathParam("thread_id") ThreadId id,
      @QueryParam("query") String query,
      @QueryParam("limit") String limit)
      throws InterruptedException {
    var wanted = query == null || query.isBlank() ? null : query;
    return read.of(
        thread(id), tokenizer.forSearch(Caller.current().project(), wanted), limit(limit));
  }

  @POST
  @Path("search")
  @Operation(summary = "Search memories of the thread, its user or its assistant")
  public Page<MemoryObject.Recalled> search(
      @PathParam("thread_id") ThreadId id, SearchMemory search) throws InterruptedException {
    return new Page<>("list", read.search(thread(id), search), "", "", false);
  }

  @DELETE
  @Operation(
      summary = "Forget all that a thread remembers",
      description = "The messages stay, and are not remembered again.")
  public Deleted forget(@PathParam("thread_id") ThreadId id) {
    var thread = thread(id).id();
    trace.traced(
        GenAi.DELETE_MEMORY,
        thread.value(),
        () -> {
          forget.thread(thread);
          return null;
        });
    return Deleted.of(id, "thread.memory");
  }

  @GET
  @Path("items")
  @Operation(summary = "List the facts, preferences and open questions that were learned")
  public Page<ItemObject> items(@PathParam("thread_id") ThreadId id, @BeanParam PageRequest page) {
    var rows = facts.page(thread(id).id(), page.after(), page.limit() + 1);
    return Page.of(rows, page.limit(), FactStore.Fact::id).map(ItemObject::of);
  }

  @GET
  @Path("items/{item_id}")
  @Operation(summary = "Retrieve an item")
  public ItemObject item(@PathParam("thread_id") ThreadId id, @PathParam("item_id") String item) {
    return ItemObject.of(fact(thread(id), item));
  }

  @POST
  @Path("items/{item_id}")
  @Operation(summary = "Correct an item")
  public ItemObject editItem(
      @PathParam("thread_id") ThreadId id, @PathParam("item_id") String item, WriteText text)
      throws InterruptedException {
    var thread = thread(id);
    return ItemObject.of(
        trace.traced(
            GenAi.UPDATE_MEMORY,
            thread.id().value(),
            () -> edit.writeFact(thread, fact(thread, item), text.text())));
  }

  @DELETE
  @Path("items/{item_id}")
  @Operation(
      summary = "Forget an item, or a message",
      description = "With a message's id the message stays in the thread, and is not remembered.")
  public ForgottenItem forgetItem(
      @PathParam("thread_id") ThreadId id, @PathParam("item_id") String item) {
    var thread = thread(id);
    boolean forgotten =
        trace.traced(
            GenAi.DELETE_MEMORY,
            thread.id().value(),
            () ->
                item.startsWith(MessageId.PREFIX)
                    ? forget.message(thread.id(), item)
                    : forget.fact(thread.id(), item));
    if (!forgotten) {
      throw ApiException.notFound("memory item", item);
    }
    return new ForgottenItem(item, "thread.memory.item.deleted", true);
  }

  @GET
  @Path("summaries")
  @Operation(summary = "List the versions of the summary, newest first")
  public Page<SummaryObject> summaries(
      @PathParam("thread_id") ThreadId id, @BeanParam PageRequest page) {
    int below = page.after() == null ? Integer.MAX_VALUE : version(page.after());
    var rows = summaries.versions(thread(id).id(), below, page.limit() + 1);
    Function<SummaryStore.Summary, String> version = row -> Integer.toString(row.version());
    return Page.of(rows, page.limit(), version).map(SummaryObject::of);
  }

  @GET
  @Path("summaries/{version}")
  @Operation(summary = "Retrieve a version of the summary")
  public SummaryObject summary(
      @PathParam("thread_id") ThreadId id, @PathParam("version") String version) {
    return SummaryObject.of(summary(thread(id), version));
  }

  @POST
  @Path("summaries")
  @Operation(summary = "Write the summary by hand, as a new version")
  public SummaryObject editSummary(@PathParam("thread_id") ThreadId id, WriteText text) {
    var thread = thread(id);
    return SummaryObject.of(
        trace.traced(
            GenAi.UPDATE_MEMORY,
            thread.id().value(),
            () -> edit.writeSummary(thread, text.text())));
  }

  @POST
  @Path("summaries/{version}/restore")
  @Operation(summary = "Make an earlier version the present one, as a new version")
  public SummaryObject restore(
      @PathParam("thread_id") ThreadId id, @PathParam("version") String version) {
    var thread = thread(id);
    return SummaryObject.of(edit.restore(thread, summary(thread, version)));
  }

  /** The response to a deletion. */
  public record ForgottenItem(String id, String object, boolean deleted) {}

  private TextStore.ThreadInfo thread(ThreadId id) {
    return read.thread(Caller.current().project(), id);
  }

  private FactStore.Fact fact(TextStore.ThreadInfo thread, String id) {
    return facts.find(thread.id(), id).orElseThrow(() -> ApiException.notFound("memory item", id));
  }

  private SummaryStore.Summary summary(TextStore.ThreadInfo thread, String version) {
    return summaries
        .version(thread.id(), version(version))
        .orElseThrow(() -> ApiException.notFound("summary", version));
  }

  private static int version(String version) {
    try {
      return Integer.parseInt(version);
    } catch (NumberFormatException e) {
      throw ApiException.invalid("version", "Invalid 'version': expected an integer.");
    }
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
      // reported below
    }
    throw ApiException.invalid("limit", "Invalid 'limit': expected an integer from 1 to 100.");
  }
}
