package dev.threadmill.runs.execution;

import dev.threadmill.threads.Annotation;
import java.util.Optional;

/** Resolves markers in the answers of a run to what they refer to. */
@FunctionalInterface
public interface MarkerResolver {
  /** Resolves nothing. */
  MarkerResolver NONE = (marker, start, end) -> Optional.empty();

  /**
   * The annotation of a marker; empty if it refers to nothing that the run was given.
   *
   * @param start the index of its first code point in the message
   * @param end the index behind its last code point
   */
  Optional<Annotation> resolve(String marker, int start, int end);

  /** Whether addresses of the web are markers. */
  default boolean resolvesUrls() {
    return false;
  }
}
