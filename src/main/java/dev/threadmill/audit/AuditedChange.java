package dev.threadmill.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.util.Optional;

/**
 * What the audit log is to say about the change that the current thread makes. The entry itself is
 * written by the commit of the change.
 */
public final class AuditedChange {
  private static final ThreadLocal<AuditedChange> CURRENT = new ThreadLocal<>();

  private final ObjectNode details = Json.MAPPER.createObjectNode();
  private String target;

  private AuditedChange(String target) {
    this.target = target;
  }

  /**
   * Begins a change.
   *
   * @param target the id of what is changed; null if it is created
   */
  public static AuditedChange begin(String target) {
    var change = new AuditedChange(target);
    CURRENT.set(change);
    return change;
  }

  /** Ends the change of this thread. */
  public static void end() {
    CURRENT.remove();
  }

  private static Optional<AuditedChange> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** Names what is created. Does nothing if the change is not audited, or its target is known. */
  public static void created(String id) {
    current().filter(change -> change.target == null).ifPresent(change -> change.target = id);
  }

  /**
   * Adds a detail. Does nothing if the change is not audited.
   *
   * @param value written as JSON; never a secret
   */
  public static void detail(String name, Object value) {
    current().ifPresent(change -> change.details.set(name, Json.MAPPER.valueToTree(value)));
  }

  /** The id of what is changed; null if it is not known. */
  public String target() {
    return target;
  }

  /** What is known of the change. */
  public ObjectNode details() {
    return details;
  }
}
