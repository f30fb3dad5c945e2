package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.Json;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Replaces the ids by which objects of a source name each other by those that they have here. */
@ApplicationScoped
class References {
  private static final Map<String, Kind> FIELDS =
      Map.of(
          "file_id", Kind.FILE,
          "file_ids", Kind.FILE,
          "vector_store_id", Kind.VECTOR_STORE,
          "vector_store_ids", Kind.VECTOR_STORE,
          "assistant_id", Kind.ASSISTANT);

  /** What clients fill with names of their own. */
  private static final Set<String> OPAQUE =
      Set.of("metadata", "attributes", "parameters", "response_format", "schema");

  private final SourceIds sourceIds;

  References(SourceIds sourceIds) {
    this.sourceIds = sourceIds;
  }

  /**
   * A JSON value with the ids of this server.
   *
   * @param missing the ids in it that lead nowhere: they are left out
   */
  record Mapped(JsonNode json, Set<String> missing) {}

  /**
   * The value with the ids of this server.
   *
   * @param keepMissing whether ids stay that lead nowhere
   */
  Mapped map(ImportJob job, JsonNode json, boolean keepMissing) {
    var named = new EnumMap<Kind, Set<String>>(Kind.class);
    collect(json, named);
    var known = new HashMap<Kind, Map<String, String>>();
    named.forEach(
        (kind, ids) -> {
          var found = sourceIds.find(job, kind, ids);
          var others = new ArrayList<>(ids);
          others.removeAll(found.keySet());
          sourceIds.existing(job.project(), kind, others).forEach(id -> found.put(id, id));
          // An object that was not taken, or was deleted since.
          var existing = sourceIds.existing(job.project(), kind, found.values());
          found.values().removeIf(id -> !existing.contains(id));
          known.put(kind, found);
        });
    var missing = new HashSet<String>();
    var mapped = map(json, new Known(known, keepMissing, missing));
    return new Mapped(mapped.orElseGet(Json.MAPPER::createObjectNode), missing);
  }

  private record Known(
      Map<Kind, Map<String, String>> ids, boolean keepMissing, Set<String> missing) {
    Optional<JsonNode> of(Kind kind, JsonNode id) {
      var found = ids.getOrDefault(kind, Map.of()).get(id.asText());
      if (found != null) {
        return Optional.of(TextNode.valueOf(found));
      }
      missing.add(id.asText());
      return keepMissing ? Optional.of(id) : Optional.empty();
    }
  }

  private static void collect(JsonNode json, Map<Kind, Set<String>> named) {
    if (json instanceof ObjectNode object) {
      for (var field : object.properties()) {
        var kind = FIELDS.get(field.getKey());
        if (kind == null && !OPAQUE.contains(field.getKey())) {
          collect(field.getValue(), named);
        } else if (kind != null) {
          texts(field.getValue())
              .forEach(id -> named.computeIfAbsent(kind, _ -> new HashSet<>()).add(id.asText()));
        }
      }
    } else if (json instanceof ArrayNode list) {
      list.forEach(each -> collect(each, named));
    }
  }

  private static List<JsonNode> texts(JsonNode value) {
    var texts = new ArrayList<JsonNode>();
    if (value.isTextual()) {
      texts.add(value);
    }
    value.forEach(
        each -> {
          if (each.isTextual()) {
            texts.add(each);
          }
        });
    return texts;
  }

  /** Empty for an object that consists of an id which leads nowhere. */
  private static Optional<JsonNode> map(JsonNode json, Known known) {
    if (json instanceof ArrayNode list) {
      var copy = Json.MAPPER.createArrayNode();
      list.forEach(each -> map(each, known).ifPresent(copy::add));
      return Optional.of(copy);
    }
    if (!(json instanceof ObjectNode object)) {
      return Optional.of(json);
    }
    var copy = Json.MAPPER.createObjectNode();
    for (var field : object.properties()) {
      var kind = FIELDS.get(field.getKey());
      if (OPAQUE.contains(field.getKey())) {
        copy.set(field.getKey(), field.getValue());
      } else if (kind == null) {
        var value = map(field.getValue(), known);
        if (value.isEmpty()) {
          return Optional.empty();
        }
        copy.set(field.getKey(), value.get());
      } else if (field.getValue().isArray()) {
        var ids = copy.putArray(field.getKey());
        texts(field.getValue()).forEach(id -> known.of(kind, id).ifPresent(ids::add));
      } else if (field.getValue().isTextual()) {
        var id = known.of(kind, field.getValue());
        if (id.isEmpty() && kind != Kind.ASSISTANT) {
          return Optional.empty();
        }
        copy.set(field.getKey(), id.orElse(Json.MAPPER.nullNode()));
      } else {
        copy.set(field.getKey(), field.getValue());
      }
    }
    return Optional.of(copy);
  }
}
