package dev.threadmill.telemetry.tracing;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Configuration of traces. The variables {@code OTEL_*} that are not here are read by the SDK. */
@ConfigMapping(prefix = "threadmill.tracing")
public interface TracingConfig {
  /** OTEL_EXPORTER_OTLP_ENDPOINT: the collector; traces are off without one. */
  Optional<String> endpoint();

  /** OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: the whole address for traces, in place of the former. */
  Optional<String> tracesEndpoint();

  /** OTEL_EXPORTER_OTLP_PROTOCOL: how spans are sent. */
  Optional<String> protocol();

  /** OTEL_SDK_DISABLED: off although there is a collector. */
  Optional<Boolean> disabled();

  /** OTEL_TRACES_EXPORTER: {@code otlp}, or {@code none} for off. */
  Optional<String> exporter();

  /**
   * OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: whether spans have the messages of model
   * calls and the arguments and results of tools: {@code true} or {@code span_only}.
   */
  Optional<String> captureContent();
}
