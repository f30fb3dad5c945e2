package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.time.Instant;

/**
 * An object of a source that is read and not written yet.
 *
 * @param parent the id of the thread of a message, of the store of a file in it, of the file of a
 *     piece of content; else empty
 * @param at when it was created; the epoch if that is not known
 * @param ordinal its place in the source
 * @param body its fields
 */
record StagedItem(
    Kind kind, String parent, String sourceId, Instant at, long ordinal, String body) {
  StagedItem(Kind kind, String parent, String sourceId, Instant at, long ordinal, JsonNode body) {
    this(kind, parent, sourceId, at, ordinal, Json.write(body));
  }

  ObjectNode fields() {
    return Json.read(body, ObjectNode.class);
  }
}
