package dev.threadmill.assistants.versions;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.Assistant;
import dev.threadmill.assistants.AssistantObject;
import dev.threadmill.assistants.Assistants;
import dev.threadmill.projects.Caller;
import io.quarkus.hibernate.orm.panache.Panache;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** Stores a version with each change of an assistant, in the transaction of the change. */
@ApplicationScoped
class RecordVersion {
  /** Older versions of an assistant are deleted. */
  private static final int KEPT = 100;

  private final InstantSource clock;

  RecordVersion(InstantSource clock) {
    this.clock = clock;
  }

  void record(@Observes Assistants.Changed change) {
    var before = change.before();
    var after = change.after();
    if (after.equals(before)) {
      return;
    }
    // The assistant itself has to be in the table first.
    Panache.getEntityManager().flush();
    if (before != null && newest(after) == 0) {
      insert(before, 1, before.createdAt(), null);
    }
    int version = newest(after) + 1;
    var key = Caller.find().map(Caller::key).map(ApiKeyId::value).orElse(null);
    insert(after, version, clock.instant().truncatedTo(ChronoUnit.MILLIS), key);
    Panache.getEntityManager()
        .createNativeQuery(
            "DELETE FROM assistant_versions WHERE assistant_id = ?1 AND version <= ?2")
        .setParameter(1, after.id().value())
        .setParameter(2, version - KEPT)
        .executeUpdate();
  }

  private static int newest(Assistant assistant) {
    return ((Number)
            Panache.getEntityManager()
                .createNativeQuery(
                    "SELECT coalesce(max(version), 0) FROM assistant_versions WHERE assistant_id = ?1")
                .setParameter(1, assistant.id().value())
                .getSingleResult())
        .intValue();
  }

  private static void insert(Assistant assistant, int version, Instant at, String key) {
    Panache.getEntityManager()
        .createNativeQuery(
            """
            INSERT INTO assistant_versions (assistant_id, version, created_at, changed_by, content)
            VALUES (?1, ?2, ?3, nullif(?4, ''), CAST(?5 AS jsonb))
            """)
        .setParameter(1, assistant.id().value())
        .setParameter(2, version)
        .setParameter(3, at)
        .setParameter(4, key == null ? "" : key)
        .setParameter(5, Json.write(AssistantObject.of(assistant)))
        .executeUpdate();
  }
}
