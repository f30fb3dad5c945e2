package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonValue;

/**
 * An id as on the wire: a prefix that names the kind, then letters and digits.
 *
 * <p>Each kind is a record of its own, so that the id of a thread cannot be passed for that of a
 * run. The constructors check prefix, alphabet and length only, since ids may be imported, and
 * throw a 400 that names the parameter.
 */
public interface Id {
  /** The id as text. */
  @JsonValue
  String value();
}
