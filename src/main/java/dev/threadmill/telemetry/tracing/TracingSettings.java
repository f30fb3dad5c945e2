package dev.threadmill.telemetry.tracing;

import dev.threadmill.api.InvalidSettingException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What the settings of traces mean. */
final class TracingSettings {
  static final String PROTOCOL = "http/protobuf";

  private static final Set<String> IN_SPANS = Set.of("true", "span_only", "span_and_event");
  private static final Set<String> NOT_IN_SPANS = Set.of("", "false", "no_content", "event_only");

  private TracingSettings() {}

  /** Whether spans are collected. */
  static boolean isOn(TracingConfig config) {
    return !config.disabled().orElse(false)
        && config.exporter().orElse("otlp").equals("otlp")
        && (isSet(config.endpoint()) || isSet(config.tracesEndpoint()));
  }

  private static boolean isSet(Optional<String> address) {
    return address.filter(text -> !text.isBlank()).isPresent();
  }

  /** Whether spans have content of messages. */
  static boolean capturesContent(TracingConfig config) {
    return IN_SPANS.contains(word(config));
  }

  private static String word(TracingConfig config) {
    return config.captureContent().orElse("").strip().toLowerCase(Locale.ROOT);
  }

  /**
   * Checks the settings.
   *
   * @throws InvalidSettingException for the first that is wrong
   */
  static void requireUsable(TracingConfig config) {
    if (!IN_SPANS.contains(word(config)) && !NOT_IN_SPANS.contains(word(config))) {
      throw new InvalidSettingException(
          "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
          config.captureContent().orElse(""),
          "is none of true, false, span_only, event_only, span_and_event and no_content");
    }
    if (!isOn(config)) {
      // The variables may be meant for other programs of the same shell.
      return;
    }
    var protocol = config.protocol().orElse(PROTOCOL);
    if (!protocol.equals(PROTOCOL)) {
      throw new InvalidSettingException(
          "OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "is not http/protobuf");
    }
    requireAddress("OTEL_EXPORTER_OTLP_ENDPOINT", config.endpoint().orElse(""));
    requireAddress("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", config.tracesEndpoint().orElse(""));
  }

  private static void requireAddress(String variable, String url) {
    if (!url.isBlank() && !url.startsWith("http://") && !url.startsWith("https://")) {
      throw new InvalidSettingException(variable, url, "is not an http or https address");
    }
  }
}
