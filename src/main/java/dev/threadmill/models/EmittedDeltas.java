package dev.threadmill.models;

import java.util.function.Consumer;

/**
 * Passes deltas on, and knows whether there were any: after the first, a call cannot be repeated.
 */
public final class EmittedDeltas implements Consumer<ModelDelta> {
  private final Consumer<ModelDelta> deltas;
  private boolean any;

  public EmittedDeltas(Consumer<ModelDelta> deltas) {
    this.deltas = deltas;
  }

  @Override
  public void accept(ModelDelta delta) {
    any = true;
    deltas.accept(delta);
  }

  /** Whether a delta was emitted. */
  public boolean any() {
    return any;
  }
}
