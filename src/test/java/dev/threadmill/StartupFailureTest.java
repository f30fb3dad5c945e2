package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartupFailureTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "x | Invalid duration: x | expected a duration, such as 500ms, 30s or 10m",
        "x | SRCFG00029: Expected an integer value, got \"x\" | Expected an integer value, got \"x\"",
      })
  void aWrongSettingIsOneLineUnderTheNameThatPeopleSetItBy(
      String value, String reason, String shown) {
    var failure =
        new RuntimeException(
            new ConfigurationException(
                "SRCFG00039: The config property threadmill.runs.lease with the config value \"%s\" threw an Exception whilst being converted %s"
                    .formatted(value, reason)));

    assertThat(printed(failure))
        .isEqualTo("threadmill: THREADMILL_LEASE=%s is wrong: %s\n".formatted(value, shown));
  }

  @Test
  void anUnexpectedFailureIsShownWithItsStackTrace() {
    assertThat(printed(new IllegalStateException("odd")))
        .contains("\tat ", "threadmill: cannot start: java.lang.IllegalStateException: odd");
  }

  private static String printed(Throwable failure) {
    var bytes = new ByteArrayOutputStream();
    new StartupFailure(failure).printTo(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
