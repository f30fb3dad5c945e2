package dev.threadmill.runs.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What happens to a new run whose thread has an active run: {@code on_active_run}. */
public enum OnActiveRun {
  /** It is refused with a 400, as in the Assistants API. */
  @JsonProperty("reject")
  REJECT,
  /** It waits for its turn. */
  @JsonProperty("queue")
  QUEUE,
  /** The active run is cancelled, and then it starts. */
  @JsonProperty("interrupt")
  INTERRUPT
}
