package dev.threadmill.tools.code;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import java.time.Instant;

/**
 * A container of the code interpreter: the session and the files of a thread.
 *
 * @param memoryLimit as the client wants it, such as {@code 1g}; null for that of the server
 * @param expiresAfter minutes from its last use until it expires; null if it lives as long as its
 *     thread
 * @param expiresAt null for never
 */
public record Container(
    String id,
    ProjectId project,
    ThreadId thread,
    String name,
    String memoryLimit,
    Instant created,
    Instant lastActive,
    Integer expiresAfter,
    Instant expiresAt) {
  /** The prefix of the ids; what follows is that of the id of the thread. */
  public static final String PREFIX = "cntr_";

  /** The id of the container of a thread. */
  public static String idOf(ThreadId thread) {
    return PREFIX + thread.value().substring(ThreadId.PREFIX.length());
  }

  /**
   * The thread of a container.
   *
   * @throws dev.threadmill.api.ApiException 400 if it is no id of a container
   */
  public static ThreadId threadOf(String id) {
    return new ThreadId(
        id.startsWith(PREFIX) ? ThreadId.PREFIX + id.substring(PREFIX.length()) : id);
  }

  /** Whether its files are gone. */
  public boolean isExpired(Instant now) {
    return expiresAt != null && !expiresAt.isAfter(now);
  }

  /** Whether a client has created it. */
  boolean isOfClient() {
    return expiresAfter != null;
  }
}
