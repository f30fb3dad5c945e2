package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.ConfigurationException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StartupFailureTest {
  @Test
  void aWrongSettingIsOneLineUnderTheNameThatPeopleSetItBy() {
    var failure =
        new RuntimeException(
            new ConfigurationException(
                "SRCFG00039: The config property threadmill.runs.lease with the config value \"x\" is wrong"));

    assertThat(printed(failure))
        .isEqualTo(
            "threadmill: The config property THREADMILL_LEASE with the config value \"x\" is wrong\n");
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
