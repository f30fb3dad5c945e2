package dev.threadmill.api.http;

import java.util.Optional;

/** Tells the callers of requests apart before they are authenticated. */
public interface KnownCallers {
  /**
   * Who sends a request, such as the id of a project. Neither waits nor queries anything: empty if
   * the key is unknown or was not used for some seconds.
   *
   * @param authorization the header; null if there is none
   */
  Optional<String> find(String authorization);
}
