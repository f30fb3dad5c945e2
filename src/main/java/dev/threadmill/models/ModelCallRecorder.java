package dev.threadmill.models;

import dev.threadmill.telemetry.tracing.DebugWork;
import java.time.Duration;

/** Keeps whole calls of models, where they are asked for. */
public interface ModelCallRecorder {
  /**
   * Keeps a call. Never throws because it cannot.
   *
   * @param response null if there is none
   * @param error the kind of the failure; null for none
   */
  void record(
      DebugWork work,
      ModelRequest request,
      ModelResponse response,
      String error,
      Duration duration);
}
