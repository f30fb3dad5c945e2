package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * An id as it stands on the wire: a prefix that tells the kind, then letters and digits.
 *
 * <p>Every kind is a record of its own, so that a thread's id cannot be passed for a run's. The
 * constructors accept whatever a client may legally send (ids may be imported, so only the prefix,
 * the alphabet and the length are checked) and answer anything else with a 400 that names the
 * parameter.
 */
public interface Id {
  /** The id as the client writes it. */
  @JsonValue
  String value();
}
