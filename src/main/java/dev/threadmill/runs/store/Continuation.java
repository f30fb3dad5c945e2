package dev.threadmill.runs.store;

/** How a run continues after a step is committed. */
public enum Continuation {
  /** The node that executes the run continues. */
  CONTINUE(null),
  /** The run waits for outputs or approvals of its client: {@code requires_action}. */
  AWAIT_CLIENT(null),
  /** The run waits for runs that it created. No node executes it meanwhile. */
  AWAIT_CHILDREN("waiting"),
  /** Another run answers in its place, and it ends together with that one. */
  HAND_OFF("handed");

  private final String routing;

  Continuation(String routing) {
    this.routing = routing;
  }

  /** Whether no node executes the run from here on. */
  public boolean pauses() {
    return this != CONTINUE;
  }

  /** The value of the column {@code routing}. */
  String routing() {
    return routing;
  }
}
