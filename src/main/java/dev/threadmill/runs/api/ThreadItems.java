package dev.threadmill.runs.api;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.AppendEntries;
import dev.threadmill.runs.PrepareEntries;
import dev.threadmill.runs.PreparedEntry;
import dev.threadmill.runs.SubmitThreadOutputs;
import dev.threadmill.runs.context.FindHistoryStart;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.runs.store.ThreadItemStore;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.ToolCallStore;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewThread;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The items of threads for front doors: messages and tool calls in one list. */
@ApplicationScoped
public class ThreadItems {
  /** A page ends behind the item with which it has more characters than this. */
  private static final long MAX_PAGE_CHARACTERS = 8L << 20;

  private final Jdbc jdbc;
  private final ThreadStore threads;
  private final ThreadItemStore items;
  private final FindHistoryStart findHistoryStart;
  private final MessageStore messages;
  private final ToolCallStore calls;
  private final StepStore steps;
  private final StepWriter stepWriter;
  private final PrepareEntries prepareEntries;
  private final AppendEntries appendEntries;
  private final SubmitThreadOutputs submitThreadOutputs;

  ThreadItems(
      Jdbc jdbc,
      ThreadStore threads,
      ThreadItemStore items,
      FindHistoryStart findHistoryStart,
      MessageStore messages,
      ToolCallStore calls,
      StepStore steps,
      StepWriter stepWriter,
      PrepareEntries prepareEntries,
      AppendEntries appendEntries,
      SubmitThreadOutputs submitThreadOutputs) {
    this.jdbc = jdbc;
    this.threads = threads;
    this.items = items;
    this.findHistoryStart = findHistoryStart;
    this.messages = messages;
    this.calls = calls;
    this.steps = steps;
    this.stepWriter = stepWriter;
    this.prepareEntries = prepareEntries;
    this.appendEntries = appendEntries;
    this.submitThreadOutputs = submitThreadOutputs;
  }

  /**
   * A page of the items of a thread.
   *
   * @param after the item before the first one; null for the start of the list
   * @throws ApiException 404 if the thread does not exist, 400 if it has no such item
   */
  public Page<ThreadItem> list(
      ProjectId project, ThreadId thread, ThreadItem.Key after, PageRequest page) {
    threads.get(project, thread);
    var start = after == null ? null : place(project, thread, after).orElseThrow(() -> noCursor());
    return page(project, thread, start, page);
  }

  private Page<ThreadItem> page(
      ProjectId project, ThreadId thread, ThreadItemStore.Place start, PageRequest page) {
    int limit = page.limit();
    var memory = AnswerMemory.current();
    var found =
        memory.measured(() -> items.list(project, thread, start, page.descending(), limit + 1));
    int count = 0;
    long characters = 0;
    while (count < Math.min(limit, found.size()) && characters <= MAX_PAGE_CHARACTERS) {
      characters += found.get(count++).size();
    }
    memory.reserve(characters);
    var shown = read(thread, found.subList(0, count));
    return new Page<>("list", shown, "", "", found.size() > count);
  }

  private static ApiException noCursor() {
    return ApiException.invalid("after", "Invalid 'after': there is no such item in this list.");
  }

  private Optional<ThreadItemStore.Place> place(
      ProjectId project, ThreadId thread, ThreadItem.Key key) {
    var kind = ThreadItemStore.Kind.valueOf(key.kind().name());
    return AnswerMemory.current().measured(() -> items.find(project, thread, kind, key.id()));
  }

  /** The item; empty if the project has no such thread or the thread no such item. */
  public Optional<ThreadItem> find(ProjectId project, ThreadId thread, ThreadItem.Key key) {
    return place(project, thread, key)
        .flatMap(
            found -> {
              AnswerMemory.current().reserve(found.size());
              return read(thread, List.of(found)).stream().findFirst();
            });
  }

  /**
   * Where the history of a thread begins for models: behind its newest compaction.
   *
   * @param from the time of the first item
   * @param summary what stands for the items before; null if nothing does
   */
  public record Start(Instant from, String summary) {}

  /** Where the history of a thread begins. */
  public Start start(ThreadId thread) {
    var found = findHistoryStart.of(thread, null);
    return new Start(found.from(), found.summary());
  }

  /** The first items of a thread from this start on, oldest first. */
  public Page<ThreadItem> list(ProjectId project, ThreadId thread, Start start, int limit) {
    threads.get(project, thread);
    // Before every item of the same time.
    var before = new ThreadItemStore.Place(ThreadItemStore.Kind.CALL, "", start.from(), 0);
    return page(project, thread, before, PageRequest.of(limit, "asc", null, null));
  }

  private List<ThreadItem> read(ThreadId thread, List<ThreadItemStore.Place> places) {
    var byMessage =
        messages.findAll(thread, ids(places, MessageId::new, ThreadItemStore.Kind.MESSAGE)).stream()
            .collect(Collectors.toMap(each -> each.id().value(), Function.identity()));
    var byCall = new HashMap<String, ToolCall>();
    calls
        .findAll(
            thread,
            ids(places, ToolCallId::new, ThreadItemStore.Kind.CALL, ThreadItemStore.Kind.OUTPUT))
        .forEach(call -> byCall.put(call.id().value(), call));
    var reasoning =
        steps.reasoning(thread, ids(places, StepId::new, ThreadItemStore.Kind.REASONING));
    var read = new ArrayList<ThreadItem>();
    for (var place : places) {
      var item = item(place, byMessage, byCall, reasoning);
      if (item != null) {
        read.add(item);
      }
    }
    return read;
  }

  private static <T> List<T> ids(
      List<ThreadItemStore.Place> places, Function<String, T> id, ThreadItemStore.Kind... kinds) {
    return places.stream()
        .filter(place -> List.of(kinds).contains(place.kind()))
        .map(place -> id.apply(place.id()))
        .toList();
  }

  /** Null for an item that was deleted meanwhile. */
  private static ThreadItem item(
      ThreadItemStore.Place place,
      Map<String, Message> byMessage,
      Map<String, ToolCall> byCall,
      Map<String, String> reasoning) {
    var key = new ThreadItem.Key(ThreadItem.Kind.valueOf(place.kind().name()), place.id());
    return switch (place.kind()) {
      case MESSAGE -> {
        var message = byMessage.get(place.id());
        yield message == null ? null : new ThreadItem.OfMessage(key, message);
      }
      case REASONING -> {
        var text = reasoning.get(place.id());
        yield text == null ? null : new ThreadItem.OfReasoning(key, text);
      }
      case CALL -> {
        var call = byCall.get(place.id());
        yield call == null ? null : call(key, call);
      }
      case OUTPUT -> {
        var call = byCall.get(place.id());
        yield call == null || call.isOpen() ? null : new ThreadItem.OfOutput(key, call.output());
      }
    };
  }

  private static ThreadItem call(ThreadItem.Key key, ToolCall call) {
    var by =
        switch (call.executor()) {
          case CLIENT -> ThreadItem.Executor.CLIENT;
          case APPROVAL -> ThreadItem.Executor.APPROVAL;
          case SERVER, REFUSED, APPROVED, APPROVED_STARTED, ASSISTANT -> ThreadItem.Executor.SERVER;
        };
    return new ThreadItem.OfCall(
        key,
        call.type(),
        call.name(),
        call.argumentsAsJson(),
        call.output(),
        by,
        call.parts() == null ? List.of() : call.parts().details());
  }

  /**
   * Creates a thread with these entries.
   *
   * @throws ApiException 400 if a file does not exist
   */
  public ThreadId create(ProjectId project, NewThread thread, List<ThreadEntry> entries) {
    var prepared = prepareEntries.prepare(project, entries);
    return jdbc.inTransaction(
        tx -> {
          var created = threads.create(tx, thread, 0).thread().id();
          if (!prepared.isEmpty()) {
            append(tx, project, created, prepared, true);
          }
          return created;
        });
  }

  /**
   * Adds entries to a thread, and outputs of its calls. A run that waits for the outputs continues.
   *
   * @param outputs by the id of the call
   * @return the entries as they were stored, without the outputs
   * @throws ApiException 404 if there is no such thread; 400 if a file or call does not exist, or
   *     if a run is active
   */
  public List<ThreadItem> append(
      ProjectId project, ThreadId thread, List<ThreadEntry> entries, Map<String, String> outputs) {
    var prepared = prepareEntries.prepare(project, entries);
    var stored = new ArrayList<ThreadItem>();
    if (!prepared.isEmpty()) {
      stored.addAll(jdbc.inTransaction(tx -> append(tx, project, thread, prepared, false)));
    } else {
      threads.get(project, thread);
    }
    submitThreadOutputs.submit(project, thread, outputs);
    return stored;
  }

  private List<ThreadItem> append(
      Tx tx, ProjectId project, ThreadId thread, List<PreparedEntry> entries, boolean isNew) {
    var locked =
        threads.lock(tx, project, thread, PreparedEntry.ticks(entries)).requireOpenForMessages();
    var stored = new ArrayList<ThreadItem>();
    for (var entry : appendEntries.append(tx, locked, entries, isNew)) {
      switch (entry) {
        case AppendEntries.Appended.OfMessage(var message) ->
            stored.add(
                new ThreadItem.OfMessage(
                    new ThreadItem.Key(ThreadItem.Kind.MESSAGE, message.id().value()), message));
        case AppendEntries.Appended.OfCalls(var step) ->
            step.calls()
                .forEach(
                    call -> {
                      var id = call.id().value();
                      stored.add(call(new ThreadItem.Key(ThreadItem.Kind.CALL, id), call));
                      if (!call.isOpen()) {
                        stored.add(
                            new ThreadItem.OfOutput(
                                new ThreadItem.Key(ThreadItem.Kind.OUTPUT, id), call.output()));
                      }
                    });
      }
    }
    return stored;
  }

  /** The id under which a call is stored that a client knows by this id. */
  public static String storedCallId(String clientsId) {
    return PrepareEntries.idOf(clientsId).value();
  }

  /** The calls of a thread that wait for outputs of the client, by their ids; a few at most. */
  public List<String> openCalls(ProjectId project, ThreadId thread) {
    return calls.openForClient(project, thread).stream().map(ToolCallId::value).toList();
  }

  /**
   * Deletes an item. A call and its output are deleted together; reasoning stays with its step.
   *
   * @throws ApiException 404 if there is no such thread; 400 if a run is active on it
   * @return false if there is no such item, or it cannot be deleted
   */
  public boolean delete(ProjectId project, ThreadId thread, ThreadItem.Key key) {
    return jdbc.inTransaction(
        tx -> {
          threads.lock(tx, project, thread, 0).requireIdle("items of " + thread);
          return switch (key.kind()) {
            case MESSAGE -> messages.delete(tx, thread, new MessageId(key.id()));
            case CALL, OUTPUT -> stepWriter.deleteCall(tx, thread, new ToolCallId(key.id()));
            case REASONING -> stepWriter.deleteReasoning(tx, thread, new StepId(key.id()));
          };
        });
  }
}
