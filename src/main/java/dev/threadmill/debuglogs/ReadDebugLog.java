package dev.threadmill.debuglogs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.AnswerMemory;
import dev.threadmill.db.Jdbc;
import dev.threadmill.files.Blobs;
import dev.threadmill.guard.SecretBox;
import dev.threadmill.projects.AuditTrail;
import dev.threadmill.projects.Caller;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** Reads and deletes entries of debug logs. Both leave an event, which names the key. */
@ApplicationScoped
class ReadDebugLog {
  private static final int BATCH = 500;

  private final Jdbc jdbc;
  private final DebugLogStore store;
  private final SealedContent sealed;
  private final Blobs blobs;
  private final Outbox outbox;
  private final AuditTrail audit;
  private final InstantSource clock;

  ReadDebugLog(
      Jdbc jdbc,
      DebugLogStore store,
      SealedContent sealed,
      Blobs blobs,
      Outbox outbox,
      AuditTrail audit,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.sealed = sealed;
    this.blobs = blobs;
    this.outbox = outbox;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * An entry with its content.
   *
   * @throws ApiException 404 if there is none
   */
  DebugLogEntry entry(ProjectId project, String id) {
    var entry =
        jdbc.inTransaction(
            tx -> {
              var found =
                  store
                      .find(tx, project, id)
                      .orElseThrow(() -> ApiException.notFound("debug log entry", id));
              outbox.append(tx, accessed(project, "read").detail("entry_id", id).build());
              audit.recordAccess(tx, "debug_log.accessed", project, id);
              return found;
            });
    return entry.with(content(project, entry));
  }

  private Activity.Builder accessed(ProjectId project, String action) {
    return Activity.of(Activity.DEBUG_LOG_ACCESSED, project, clock.instant())
        .cause(Caller.causeOfRequest())
        .status("completed")
        .detail("action", action);
  }

  private JsonNode content(ProjectId project, DebugLogEntry entry) {
    AnswerMemory.current().reserve(entry.bytes());
    try {
      var text = sealed.open(project, stored(entry));
      try {
        return entry.truncated() ? TextNode.valueOf(text) : Json.MAPPER.readTree(text);
      } catch (JsonProcessingException e) {
        return TextNode.valueOf(text);
      }
    } catch (SecretBox.UndecryptableException e) {
      throw ApiException.invalidState(
          "The entry cannot be decrypted: the key of this server is not the one it had.");
    }
  }

  private String stored(DebugLogEntry entry) {
    var place = entry.stored();
    if (place.archive() == null) {
      return place.content();
    }
    try (var archive = blobs.open(place.archive(), place.from(), entry.bytes())) {
      return new String(archive.readNBytes(entry.bytes()), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw ApiException.unavailable("The archive of the entry cannot be read.", 5);
    }
  }

  /**
   * Deletes all entries of a project, also those that are archived.
   *
   * @return how many there were
   */
  int deleteAll(ProjectId project) {
    int deleted = 0;
    int batch;
    do {
      batch =
          jdbc.inTransaction(
              tx -> {
                List<String> archives = new ArrayList<>(store.delete(tx, project, BATCH));
                blobs.release(tx, store.unused(tx, archives));
                return archives.size();
              });
      deleted += batch;
    } while (batch == BATCH);
    int all = deleted;
    jdbc.runInTransaction(
        tx ->
            outbox.append(
                tx, accessed(project, "delete").detail("entries", Integer.toString(all)).build()));
    return deleted;
  }
}
