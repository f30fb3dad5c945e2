package dev.threadmill.protocols.responses.containers;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.tools.code.Container;
import java.time.Instant;

/** A container on the wire. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ContainerObject(
    String id,
    String object,
    long createdAt,
    String status,
    ExpiresAfter expiresAfter,
    long lastActiveAt,
    String name,
    String memoryLimit,
    NetworkPolicy networkPolicy) {
  /**
   * How long a container lives without being used.
   *
   * @param anchor always {@code last_active_at}
   */
  public record ExpiresAfter(String anchor, int minutes) {
    static final String ANCHOR = "last_active_at";
  }

  /** Code has no network: the type is always {@code disabled}. */
  public record NetworkPolicy(String type) {
    static final String DISABLED = "disabled";
  }

  static ContainerObject of(Container container, Instant now) {
    return new ContainerObject(
        container.id(),
        "container",
        container.created().getEpochSecond(),
        container.isExpired(now) ? "expired" : "running",
        container.expiresAfter() == null
            ? null
            : new ExpiresAfter(ExpiresAfter.ANCHOR, container.expiresAfter()),
        container.lastActive().getEpochSecond(),
        container.name(),
        container.memoryLimit(),
        new NetworkPolicy(NetworkPolicy.DISABLED));
  }
}
