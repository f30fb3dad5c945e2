package dev.threadmill.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The formats of headers about rates. */
class RateHeadersTest {
  @ParameterizedTest
  @CsvSource({"12, 12ms", "0, 0ms", "1000, 1s", "1500, 1.5s", "360000, 6m0s", "61020, 1m1.02s"})
  void durationsAreFormattedAsSdksExpect(long millis, String text) {
    assertThat(RateHeaders.formatted(Duration.ofMillis(millis))).isEqualTo(text);
  }
}
