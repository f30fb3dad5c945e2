package dev.threadmill.telemetry.tracing;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Makes the SDK of OpenTelemetry, which reads the variables {@code OTEL_*} itself. Its classes are
 * not loaded unless traces are on.
 */
final class OpenTelemetrySetup {
  private static final String PREFIX = "otel.";
  private static final long FLUSH_SECONDS = 3;

  private OpenTelemetrySetup() {}

  static OpenTelemetry create() {
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(OpenTelemetrySetup::defaults)
        .addPropertiesCustomizer(_ -> fromConfig(ConfigProvider.getConfig()))
        .build()
        .getOpenTelemetrySdk();
  }

  /** Sends what has been collected, for a short time. */
  static void stop(OpenTelemetry openTelemetry) {
    ((OpenTelemetrySdk) openTelemetry).shutdown().join(FLUSH_SECONDS, TimeUnit.SECONDS);
  }

  /** Metrics are scraped from the server, and its log is its console. */
  private static Map<String, String> defaults() {
    var defaults = new LinkedHashMap<String, String>();
    defaults.put("otel.service.name", "threadmill");
    defaults.put("otel.metrics.exporter", "none");
    defaults.put("otel.logs.exporter", "none");
    defaults.put("otel.traces.exporter", "otlp");
    defaults.put("otel.exporter.otlp.protocol", TracingSettings.PROTOCOL);
    // Up to 2,048 spans wait for the collector: content must not make each of them large.
    defaults.put("otel.attribute.value.length.limit", "16384");
    return defaults;
  }

  /** The settings of the server's other sources by their property names. */
  private static Map<String, String> fromConfig(Config config) {
    var settings = new LinkedHashMap<String, String>();
    for (var name : config.getPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        config.getOptionalValue(name, String.class).ifPresent(value -> settings.put(name, value));
      }
    }
    return settings;
  }
}
