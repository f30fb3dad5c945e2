package dev.threadmill.db.signals;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;

/**
 * Something that the other nodes may want to know at once. Whoever wants to hear of one observes it
 * as a CDI event; observers must not block.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Signal.NodeListening.class, name = "listening"),
  @JsonSubTypes.Type(value = Signal.NodeLeft.class, name = "node_left"),
  @JsonSubTypes.Type(value = Signal.ResyncRequested.class, name = "look_again"),
  @JsonSubTypes.Type(value = Signal.RunQueued.class, name = "run_queued"),
  @JsonSubTypes.Type(value = Signal.RunChanged.class, name = "run_changed"),
  @JsonSubTypes.Type(value = Signal.SubscriptionRequested.class, name = "watch_requested"),
  @JsonSubTypes.Type(value = Signal.CancelRequested.class, name = "cancel_requested"),
  @JsonSubTypes.Type(value = Signal.KeysChanged.class, name = "keys_changed"),
  @JsonSubTypes.Type(value = Signal.LimitsChanged.class, name = "limits_changed"),
  @JsonSubTypes.Type(value = Signal.OutboxAppended.class, name = "outbox_appended")
})
public sealed interface Signal {
  /** A node has begun to listen, and knows nothing of what was said before. */
  record NodeListening() implements Signal {}

  /** A node has gone, and what it had is free. */
  record NodeLeft() implements Signal {}

  /** Signals may have been lost: everybody looks for himself. */
  record ResyncRequested() implements Signal {}

  /** A run waits for a node with room. */
  record RunQueued() implements Signal {}

  /** There is more of the run in the database. Told only of runs that somebody else watches. */
  record RunChanged(RunId run) implements Signal {}

  /** Somebody reads along on the sender's node: whoever has the run tells of its changes. */
  record SubscriptionRequested(RunId run) implements Signal {}

  /** The run is marked to be cancelled: whoever has it stops it. */
  record CancelRequested(RunId run) implements Signal {}

  /** A key or a project has changed: nobody goes by what he remembers of them. */
  record KeysChanged() implements Signal {}

  /** What a project may use has changed. */
  record LimitsChanged(ProjectId project) implements Signal {}

  /** The outbox has new events: the node that delivers them reads them. */
  record OutboxAppended() implements Signal {}
}
