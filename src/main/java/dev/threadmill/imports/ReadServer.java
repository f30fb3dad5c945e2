package dev.threadmill.imports;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.imports.CreateImport.Part;
import dev.threadmill.imports.ImportStore.Problem;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Reads the lists of a server page by page. The position is stored with each page; a list that is
 * nested in another one is read again if the import is interrupted within it, which adds nothing
 * twice.
 */
@ApplicationScoped
class ReadServer {
  private static final int PAGE = 100;

  /** A server that has more pages of one list repeats itself. */
  private static final int MAX_PAGES = 50_000;

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,140}");

  private final ServerClient client;
  private final StoreBatch storeBatch;

  ReadServer(ServerClient client, StoreBatch storeBatch) {
    this.client = client;
    this.storeBatch = storeBatch;
  }

  /** A list that is read. */
  private enum Step {
    ASSISTANTS(Part.ASSISTANTS, "/assistants"),
    FILES(Part.FILES, "/files"),
    VECTOR_STORES(Part.VECTOR_STORES, "/vector_stores"),
    THREADS(Part.THREADS, "/threads");

    private final Part part;
    private final String path;

    Step(Part part, String path) {
      this.part = part;
      this.path = path;
    }
  }

  /** Reads what is not read yet. */
  ImportJob read(ImportJob job) throws ImportFailedException, InterruptedException {
    var now = job;
    var server = job.request().server();
    for (int i = now.position().path("step").asInt(0); i < Step.values().length; i++) {
      var step = Step.values()[i];
      if (server.includes(step.part)) {
        now =
            step == Step.THREADS && server.threadIds() != null
                ? readThreads(now, server.threadIds())
                : readList(now, step);
      }
      now = storeBatch.store(now, batch(now), position(now, i + 1));
    }
    return now;
  }

  private static SourceObjects batch(ImportJob job) {
    return new SourceObjects(job.position().path("ordinal").asLong(0));
  }

  private static ObjectNode position(ImportJob job, int step) {
    return Json.MAPPER
        .createObjectNode()
        .put("step", step)
        .put("ordinal", job.position().path("ordinal").asLong(0));
  }

  private ImportJob readThreads(ImportJob job, List<String> ids)
      throws ImportFailedException, InterruptedException {
    var now = job;
    int step = Step.THREADS.ordinal();
    for (int i = now.position().path("thread").asInt(0); i < ids.size(); i++) {
      var thread = client.get(now, "/threads/" + ids.get(i));
      var batch = batch(now);
      if (thread.isPresent()) {
        batch.add(thread.get().put("object", "thread"), now.position());
        now = readBelow(now, "/threads/" + ids.get(i) + "/messages", null, null);
        batch = resumed(batch, now);
      } else {
        batch
            .problems()
            .add(new Problem(Kind.THREAD, ids.get(i), "The server has no such thread."));
      }
      now = storeBatch.store(now, batch, position(now, step).put("thread", i + 1));
    }
    return now;
  }

  /** The objects of a batch with the places that follow what was stored meanwhile. */
  private static SourceObjects resumed(SourceObjects batch, ImportJob now) {
    var moved = batch(now);
    moved.items().addAll(batch.items());
    moved.problems().addAll(batch.problems());
    return moved;
  }

  private ImportJob readList(ImportJob job, Step step)
      throws ImportFailedException, InterruptedException {
    var now = job;
    var after = now.position().path("after").asText("");
    for (int page = 0; page < MAX_PAGES; page++) {
      var list = client.get(now, query(step.path, after));
      if (list.isEmpty()) {
        var batch = batch(now);
        batch
            .problems()
            .add(
                new Problem(
                    Kind.FILE,
                    step.path,
                    step == Step.THREADS
                        ? "The server lists no threads. Name them in 'server.thread_ids'."
                        : "The server has no list '%s'.".formatted(step.path)));
        return storeBatch.store(now, batch, position(now, step.ordinal()));
      }
      var elements = elements(list.get());
      for (var element : elements) {
        now = readParts(now, step, element.path("id").asText(""));
      }
      var batch = batch(now);
      elements.forEach(each -> batch.add(withObject(each, step), job.position()));
      var last = last(list.get(), elements);
      var position = position(now, step.ordinal()).put("after", last);
      now = storeBatch.store(now, batch, position);
      if (!list.get().path("has_more").asBoolean(false) || last.isEmpty() || last.equals(after)) {
        return now;
      }
      after = last;
    }
    throw new ImportFailedException("The list '%s' does not end.".formatted(step.path), false);
  }

  /** What hangs on an element of a list, which is stored before the element. */
  private ImportJob readParts(ImportJob job, Step step, String id)
      throws ImportFailedException, InterruptedException {
    if (!ID.matcher(id).matches()) {
      return job;
    }
    return switch (step) {
      case VECTOR_STORES ->
          readBelow(job, "/vector_stores/" + id + "/files", "vector_store.file", id);
      case THREADS -> readBelow(job, "/threads/" + id + "/messages", null, null);
      case ASSISTANTS, FILES -> job;
    };
  }

  private ImportJob readBelow(ImportJob job, String path, String object, String store)
      throws ImportFailedException, InterruptedException {
    var now = job;
    var after = "";
    for (int page = 0; page < MAX_PAGES; page++) {
      var list = client.get(now, query(path, after));
      if (list.isEmpty()) {
        return now;
      }
      var elements = elements(list.get());
      var batch = batch(now);
      for (var each : elements) {
        if (object != null) {
          each.put("object", object).put("vector_store_id", store);
        } else {
          each.put("object", "thread.message");
        }
        batch.add(each, now.position());
      }
      // The place in the list above stays.
      now = storeBatch.store(now, batch, now.position().deepCopy());
      var last = last(list.get(), elements);
      if (!list.get().path("has_more").asBoolean(false) || last.isEmpty() || last.equals(after)) {
        return now;
      }
      after = last;
    }
    throw new ImportFailedException("The list '%s' does not end.".formatted(path), false);
  }

  private static ObjectNode withObject(ObjectNode element, Step step) {
    var object =
        switch (step) {
          case ASSISTANTS -> "assistant";
          case FILES -> "file";
          case VECTOR_STORES -> "vector_store";
          case THREADS -> "thread";
        };
    return element.put("object", object);
  }

  private static List<ObjectNode> elements(ObjectNode list) {
    var elements = new ArrayList<ObjectNode>();
    for (var each : list.path("data")) {
      if (each instanceof ObjectNode element) {
        elements.add(element);
      }
    }
    return elements;
  }

  private static String last(ObjectNode list, List<ObjectNode> elements) {
    var last =
        list.path("last_id")
            .asText(elements.isEmpty() ? "" : elements.getLast().path("id").asText(""));
    return last.equals("null") || !ID.matcher(last).matches() ? "" : last;
  }

  private static String query(String path, String after) {
    return path
        + "?limit="
        + PAGE
        + "&order=asc"
        + (after.isEmpty() ? "" : "&after=" + URLEncoder.encode(after, StandardCharsets.UTF_8));
  }
}
