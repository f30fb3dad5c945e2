package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.JsonBody;
import dev.threadmill.imports.ImportStore.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds the objects in what a source holds: in the shapes of the API, as rows of the tables of
 * open-assistant-api, which have the same fields, and as agent files of Letta.
 */
final class SourceObjects {
  private static final Map<String, Kind> KINDS =
      Map.of(
          "assistant", Kind.ASSISTANT,
          "thread", Kind.THREAD,
          "thread.message", Kind.MESSAGE,
          "file", Kind.FILE,
          "file.content", Kind.FILE_CONTENT,
          "vector_store", Kind.VECTOR_STORE,
          "vector_store.file", Kind.VECTOR_STORE_FILE,
          "thread.run", Kind.RUN,
          "thread.run.step", Kind.RUN);

  private static final Set<String> IGNORED = Set.of("export", "export.end");

  /** Columns that hold JSON, which exports of tables write as text. */
  private static final List<String> COLUMNS_OF_JSON =
      List.of("content", "tools", "metadata", "tool_resources", "attachments", "file_ids");

  /** What one piece of a source may become: parts of it may be used several times. */
  private static final long MAX_CHARACTERS = 64L << 20;

  private static final int MAX_PROBLEMS = 2_000;
  private static final int LONGEST_ID = 140;
  private static final Instant LATEST = Instant.parse("9000-01-01T00:00:00Z");

  private final List<StagedItem> items = new ArrayList<>();
  private final List<Problem> problems = new ArrayList<>();
  private long runs;
  private long ordinal;
  private long characters;

  /**
   * @param ordinal the place of the first object in the source
   */
  SourceObjects(long ordinal) {
    this.ordinal = ordinal;
  }

  List<StagedItem> items() {
    return items;
  }

  List<Problem> problems() {
    return problems;
  }

  /** How many runs and steps there were, which are not taken. */
  long runs() {
    return runs;
  }

  /** The place of the next object. */
  long ordinal() {
    return ordinal;
  }

  /** Whether it is time to store them. */
  boolean isFull() {
    return items.size() >= 200 || problems.size() >= 200 || characters > 4 << 20;
  }

  /**
   * Adds the objects of a piece of a file.
   *
   * @param place of the piece, to be found again
   */
  void addPiece(byte[] piece, ObjectNode place) {
    JsonNode node;
    try {
      node = JsonBody.read(piece, JsonNode.class);
    } catch (ApiException e) {
      problem(Kind.FILE, "at byte " + place.path("offset").asText(), e.getMessage());
      return;
    }
    if (node instanceof ObjectNode object) {
      add(object, place);
    } else {
      problem(Kind.FILE, "at byte " + place.path("offset").asText(), "This is not a JSON object.");
    }
  }

  /** Adds an object, or the objects of a list. */
  void add(ObjectNode object, ObjectNode place) {
    ordinal++;
    var name = object.path("object").asText("");
    if (LettaAgents.isAgentFile(object)) {
      LettaAgents.objectsOf(object).forEach(each -> add(each, place));
    } else if (name.equals("list") && object.path("data").isArray()) {
      addAll(object.path("data"), place);
    } else if (name.isEmpty() && !object.has("id") && !object.has("role")) {
      addGroups(object, place);
    } else if (!IGNORED.contains(name)) {
      var kind = name.isEmpty() ? guess(object) : KINDS.get(name);
      if (kind == null) {
        problem(
            Kind.FILE,
            object.path("id").asText("#" + ordinal),
            "There is no kind of object '" + name + "'.");
      } else {
        addObject(kind, object, place);
      }
    }
  }

  private static Kind guess(ObjectNode object) {
    if (object.has("role") && object.has("content")) {
      return Kind.MESSAGE;
    }
    return object.has("messages") ? Kind.THREAD : null;
  }

  /** An object such as {@code {"assistants": [...], "threads": [...]}}. */
  private void addGroups(ObjectNode object, ObjectNode place) {
    boolean found = false;
    for (var group : object.properties()) {
      if (group.getValue().isArray()) {
        found = true;
        addAll(group.getValue(), place);
      }
    }
    if (!found) {
      problem(Kind.FILE, "#" + ordinal, "This object has no field 'object'.");
    }
  }

  private void addAll(JsonNode list, ObjectNode place) {
    for (var each : list) {
      if (each instanceof ObjectNode element) {
        add(element, place);
      }
    }
  }

  private void addObject(Kind kind, ObjectNode object, ObjectNode place) {
    if (kind == Kind.RUN) {
      runs++;
      return;
    }
    if (characters > MAX_CHARACTERS) {
      problem(
          kind,
          object.path("id").asText("#" + ordinal),
          "It stands behind too much in one piece of the source.");
      return;
    }
    readColumns(object);
    var id = object.path("id").asText("");
    var parent =
        switch (kind) {
          case MESSAGE -> object.path("thread_id").asText("");
          case VECTOR_STORE_FILE -> object.path("vector_store_id").asText("");
          case FILE_CONTENT -> object.path("file_id").asText("");
          case FILE, VECTOR_STORE, ASSISTANT, THREAD, RUN -> "";
        };
    if (kind == Kind.FILE_CONTENT) {
      id = "%020d".formatted(object.path("offset").asLong());
      object = place.deepCopy();
    } else if (kind == Kind.MESSAGE && id.isEmpty()) {
      id = "#" + ordinal;
    }
    boolean needsParent =
        kind == Kind.MESSAGE || kind == Kind.VECTOR_STORE_FILE || kind == Kind.FILE_CONTENT;
    if (id.isEmpty() || id.length() > LONGEST_ID || parent.length() > LONGEST_ID) {
      problem(kind, "#" + ordinal, "The object has no usable id.");
    } else if (needsParent && parent.isEmpty()) {
      problem(kind, id, "The object does not say what it belongs to.");
    } else {
      var messages = kind == Kind.THREAD ? object.remove("messages") : null;
      stage(new StagedItem(kind, parent, id, time(object.path("created_at")), ordinal, object));
      if (messages instanceof ArrayNode list) {
        addMessages(id, list, place);
      }
    }
  }

  private void addMessages(String thread, ArrayNode messages, ObjectNode place) {
    for (var each : messages) {
      if (each instanceof ObjectNode message) {
        ordinal++;
        if (!message.has("id")) {
          message.put("id", "#" + thread + "/" + items.size());
        }
        addObject(Kind.MESSAGE, message.put("thread_id", thread), place);
      }
    }
  }

  private void stage(StagedItem item) {
    items.add(item);
    characters += item.body().length();
  }

  private void problem(Kind kind, String id, String message) {
    if (problems.size() < MAX_PROBLEMS) {
      problems.add(new Problem(kind, id, message));
    }
  }

  /** Records a piece that is too long to be read. */
  void addTooLong(long offset) {
    problem(
        Kind.FILE,
        "at byte " + offset,
        "The object is longer than %,d bytes.".formatted(ObjectSplitter.MAX_BYTES));
  }

  private static void readColumns(ObjectNode object) {
    for (var column : COLUMNS_OF_JSON) {
      if (object.get(column) instanceof TextNode text && looksLikeJson(column, text.textValue())) {
        try {
          object.set(
              column,
              JsonBody.read(text.textValue().getBytes(StandardCharsets.UTF_8), JsonNode.class));
        } catch (ApiException e) {
          // It is a text that begins with a bracket.
        }
      }
    }
  }

  /** The content of a message may be a text; that of other fields is not. */
  private static boolean looksLikeJson(String column, String text) {
    return text.startsWith("[{") || !column.equals("content") && text.matches("(?s)[\\[{].*");
  }

  /** When an object was created; the epoch if that is not known. */
  static Instant time(JsonNode value) {
    if (value.isNumber()) {
      double seconds = value.asDouble();
      return seconds > 0 && seconds < LATEST.getEpochSecond()
          ? Instant.ofEpochMilli((long) (seconds * 1000))
          : Instant.EPOCH;
    }
    var text = value.asText("").replace(' ', 'T');
    try {
      var time =
          text.matches(".*(Z|[+-]\\d\\d:\\d\\d)$")
              ? OffsetDateTime.parse(text).toInstant()
              : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
      return time.isAfter(Instant.EPOCH) && time.isBefore(LATEST) ? time : Instant.EPOCH;
    } catch (DateTimeParseException e) {
      return Instant.EPOCH;
    }
  }
}
