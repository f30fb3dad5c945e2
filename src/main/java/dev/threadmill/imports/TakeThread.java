package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolResources;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.imports.ImportStore.Problem;
import dev.threadmill.imports.StagedItems.Place;
import dev.threadmill.privacy.PrivateJson;
import dev.threadmill.threads.ConversationThread;
import dev.threadmill.threads.ImportThread;
import dev.threadmill.threads.Message;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a thread: first its messages are prepared, some at a time, in the table of items; then
 * thread and messages are stored in one transaction, which reads some at a time.
 */
@ApplicationScoped
class TakeThread {
  private static final int BATCH = 200;
  private static final int MAX_MESSAGES = 100_000;
  private static final int MAX_PROBLEMS = 50;

  private final TakeItem takeItem;
  private final FinishItem finishItem;
  private final Jdbc jdbc;
  private final ImportStore imports;
  private final StagedItems items;
  private final References references;
  private final PrepareMessage prepareMessage;
  private final ImportThread importThread;
  private final PrivateJson privateJson;
  private final Ids ids;
  private final InstantSource clock;

  TakeThread(
      TakeItem takeItem,
      FinishItem finishItem,
      Jdbc jdbc,
      ImportStore imports,
      StagedItems items,
      References references,
      PrepareMessage prepareMessage,
      ImportThread importThread,
      PrivateJson privateJson,
      Ids ids,
      InstantSource clock) {
    this.takeItem = takeItem;
    this.finishItem = finishItem;
    this.jdbc = jdbc;
    this.imports = imports;
    this.items = items;
    this.references = references;
    this.prepareMessage = prepareMessage;
    this.importThread = importThread;
    this.privateJson = privateJson;
    this.ids = ids;
    this.clock = clock;
  }

  void take(ImportJob job, StagedItem item) throws ImportFailedException, InterruptedException {
    takeItem.take(
        job,
        item,
        ids::thread,
        ThreadId::new,
        (id, problems) -> {
          create(job, item, id, problems);
          return true;
        });
  }

  private void create(ImportJob job, StagedItem item, ThreadId id, List<Problem> problems) {
    if (items.count(job, Kind.MESSAGE, item.sourceId(), MAX_MESSAGES + 1) > MAX_MESSAGES) {
      throw ApiException.invalid(
          "messages", "The thread has more than %,d messages.".formatted(MAX_MESSAGES));
    }
    var thread = thread(job, item, id, problems);
    var last = prepareMessages(job, item, thread, problems);
    jdbc.runInTransaction(
        tx -> {
          imports.fence(tx, job);
          importThread.insert(tx, thread, last);
          insertMessages(tx, job, item, thread);
          finishItem.finish(tx, job, item, FinishItem.CREATED, problems);
        });
  }

  private ConversationThread thread(
      ImportJob job, StagedItem item, ThreadId id, List<Problem> problems) {
    var fields = item.fields();
    var body = Json.MAPPER.createObjectNode();
    if (fields.path("tool_resources").isObject()) {
      body.set("tool_resources", fields.get("tool_resources"));
    }
    if (fields.path("assistant_id").isTextual()) {
      body.set("assistant_id", fields.get("assistant_id"));
    }
    body.set("metadata", SourceMetadata.of(fields.path("metadata")));
    var mapped = references.map(job, body, false);
    mapped
        .missing()
        .forEach(
            missing ->
                problems.add(
                    new Problem(
                        Kind.THREAD,
                        item.sourceId(),
                        "It named '%s', which was not taken.".formatted(missing))));
    var checked = (ObjectNode) privateJson.apply(job.project(), user(fields), mapped.json());
    var assistant = checked.path("assistant_id");
    return new ConversationThread(
        id,
        job.project(),
        createdAt(job, item, fields),
        assistant.isTextual() ? new AssistantId(assistant.textValue()) : null,
        "archived".equals(fields.path("status").asText())
            ? ConversationThread.Status.ARCHIVED
            : ConversationThread.Status.ACTIVE,
        checked.path("tool_resources").isObject()
            ? read(checked.path("tool_resources"), ToolResources.class)
            : null,
        read(checked.path("metadata"), Metadata.class),
        null);
  }

  private Instant createdAt(ImportJob job, StagedItem item, ObjectNode fields) {
    var created = SourceObjects.time(fields.path("created_at"));
    if (!created.equals(Instant.EPOCH)) {
      return created;
    }
    var known = item.at();
    return known.equals(Instant.EPOCH) ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : known;
  }

  private static String user(ObjectNode fields) {
    var user = fields.path("metadata").path("user");
    return user.isTextual() ? user.textValue() : null;
  }

  private static <T> T read(Object json, Class<T> type) {
    return JsonBody.read(Json.write(json).getBytes(StandardCharsets.UTF_8), type);
  }

  /** Prepares the messages that are not. Returns the time of the last one, or of the thread. */
  private Instant prepareMessages(
      ImportJob job, StagedItem item, ConversationThread thread, List<Problem> problems) {
    var user = user(item.fields());
    var last = items.lastPrepared(job, Kind.MESSAGE, item.sourceId()).orElse(thread.createdAt());
    while (true) {
      // Those that are prepared leave the list.
      var batch = items.next(job, Kind.MESSAGE, item.sourceId(), Place.START, false, BATCH);
      if (batch.isEmpty()) {
        return last;
      }
      var prepared = new ArrayList<StagedItems.PreparedItem>();
      var rejected = new ArrayList<StagedItem>();
      for (var each : batch) {
        var next = last.plus(1, ChronoUnit.MICROS);
        var at = each.at().isAfter(next) ? each.at() : next;
        try {
          prepared.add(
              new StagedItems.PreparedItem(each, at, prepareMessage.prepare(job, each, user, at)));
          last = at;
        } catch (ApiException e) {
          rejected.add(each);
          if (problems.size() < MAX_PROBLEMS) {
            problems.add(new Problem(Kind.MESSAGE, each.sourceId(), e.getMessage()));
          }
        }
      }
      jdbc.runInTransaction(
          tx -> {
            imports.fence(tx, job);
            items.prepare(tx, job, prepared);
            rejected.forEach(each -> items.remove(tx, job, each));
            ImportStore.count(tx, job, Kind.MESSAGE, FinishItem.FAILED, rejected.size());
          });
    }
  }

  private void insertMessages(Tx tx, ImportJob job, StagedItem item, ConversationThread thread) {
    var after = Place.START;
    while (true) {
      var batch = items.next(tx, job, Kind.MESSAGE, item.sourceId(), after, true, BATCH);
      if (batch.isEmpty()) {
        return;
      }
      after = new Place(batch.getLast().at(), batch.getLast().ordinal());
      var messages = new ArrayList<Message>();
      for (var each : batch) {
        messages.add(Json.read(each.body(), PreparedMessage.class).at(thread.id(), each.at()));
      }
      importThread.insertMessages(tx, thread.projectId(), messages, thread.toolResources() == null);
    }
  }
}
