package dev.threadmill.runs.rest;

import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;

/** The body of {@code POST /v1/threads/{thread_id}/runs/{run_id}}. */
record ModifyRun(Field<Metadata> metadata) {
  boolean changes() {
    return metadata.isPresent();
  }

  /** The new metadata; null clears it. */
  Metadata orEmpty() {
    var sent = metadata.orElse(null);
    return sent == null ? Metadata.EMPTY : sent;
  }
}
