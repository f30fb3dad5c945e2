package dev.threadmill.telemetry.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.InvalidSettingException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TracingSettingsTest {
  @Test
  void tracesAreOffWithoutACollectorAndHaveNoContentUnlessAskedFor() {
    assertThat(TracingSettings.isOn(config(Map.of()))).isFalse();
    var on = config(Map.of("endpoint", "http://collector:4318"));
    assertThat(TracingSettings.isOn(on)).isTrue();
    assertThat(TracingSettings.capturesContent(on)).isFalse();
    assertThat(TracingSettings.capturesContent(config(Map.of("capture-content", "SPAN_ONLY"))))
        .isTrue();
    assertThat(TracingSettings.capturesContent(config(Map.of("capture-content", "event_only"))))
        .isFalse();
  }

  @Test
  void theSdkCanBeDisabledAlthoughThereIsACollector() {
    assertThat(
            TracingSettings.isOn(config(Map.of("endpoint", "http://c:4318", "disabled", "true"))))
        .isFalse();
    assertThat(
            TracingSettings.isOn(config(Map.of("endpoint", "http://c:4318", "exporter", "none"))))
        .isFalse();
  }

  @Test
  void aWrongSettingIsNamed() {
    assertWrong(Map.of("capture-content", "yes"), "OTEL_INSTRUMENTATION_GENAI_CAPTURE");
    assertWrong(
        Map.of("endpoint", "http://c:4317", "protocol", "grpc"), "OTEL_EXPORTER_OTLP_PROTOCOL");
    assertWrong(Map.of("endpoint", "collector:4318"), "OTEL_EXPORTER_OTLP_ENDPOINT");
    TracingSettings.requireUsable(config(Map.of("protocol", "grpc")));
  }

  private static void assertWrong(Map<String, String> settings, String variable) {
    assertThatThrownBy(() -> TracingSettings.requireUsable(config(settings)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining(variable);
  }

  private static TracingConfig config(Map<String, String> settings) {
    var builder =
        new SmallRyeConfigBuilder()
            .withMapping(TracingConfig.class)
            .withSources(new PropertiesConfigSource(Map.of(), "none", 1));
    settings.forEach(
        (name, value) -> builder.withDefaultValue("threadmill.tracing." + name, value));
    return builder.build().getConfigMapping(TracingConfig.class);
  }
}
