package dev.threadmill.runs;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What becomes of a new run whose thread has an active one: {@code on_active_run}. */
enum OnActiveRun {
  /** It is refused with a 400, as the contract has it. */
  @JsonProperty("reject")
  REJECT,
  /** It waits for its turn. */
  @JsonProperty("queue")
  QUEUE,
  /** The active one is cancelled, and then it starts. */
  @JsonProperty("interrupt")
  INTERRUPT
}
