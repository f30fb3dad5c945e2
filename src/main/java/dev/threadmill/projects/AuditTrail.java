package dev.threadmill.projects;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.http.RequestId;
import dev.threadmill.audit.AuditEntry;
import dev.threadmill.audit.AuditStore;
import dev.threadmill.audit.AuditedChange;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** Makes entries of the audit log about requests of admins. */
@ApplicationScoped
public class AuditTrail {
  private final AuditStore store;
  private final Ids ids;
  private final InstantSource clock;

  AuditTrail(AuditStore store, Ids ids, InstantSource clock) {
    this.store = store;
    this.ids = ids;
    this.clock = clock;
  }

  /**
   * Records that the current request reads something that is secret. Without a request nothing is
   * recorded.
   *
   * @param tx the transaction that reads it
   * @param type such as {@code debug_log.accessed}
   * @param target the id of what is read
   */
  public void recordAccess(Tx tx, String type, ProjectId project, String target) {
    var access = Caller.accessOfRequest().orElse(null);
    if (access == null) {
      return;
    }
    store.append(
        tx,
        new AuditEntry(
            newId(),
            project.value(),
            clock.instant().truncatedTo(ChronoUnit.MICROS),
            type,
            project,
            actor(access),
            access.grant().key().value(),
            target,
            null,
            RequestId.current()));
  }

  /** The id of a new entry. */
  String newId() {
    return ids.next(AuditEntry.PREFIX);
  }

  /** The entry about a change that the current request makes. */
  AuditEntry entry(
      String id, String chain, String type, OpenStreams.Access access, AuditedChange change) {
    return new AuditEntry(
        id,
        chain,
        clock.instant().truncatedTo(ChronoUnit.MICROS),
        type,
        chain.equals(AuditEntry.NO_PROJECT) ? null : new ProjectId(chain),
        actor(access),
        access.grant().key().value(),
        change.target(),
        change.details(),
        RequestId.current());
  }

  private static ObjectNode actor(OpenStreams.Access access) {
    var actor = Json.MAPPER.createObjectNode();
    var key = access.grant().key().value();
    var admin = access.grant().admin();
    if (admin != null) {
      actor.put("type", "session");
      var session = actor.putObject("session");
      session.putObject("user").put("id", admin.subject()).put("email", admin.email());
      putAddress(session, access);
    } else {
      actor.put("type", "api_key");
      var apiKey = actor.putObject("api_key");
      apiKey.put("id", key).put("type", "service_account");
      apiKey.putObject("service_account").put("id", key);
      putAddress(apiKey, access);
    }
    return actor;
  }

  private static void putAddress(ObjectNode actor, OpenStreams.Access access) {
    if (access.address() != null) {
      actor.put("ip_address", access.address().getHostAddress());
    }
  }
}
