package dev.threadmill.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OffsetClockTest {
  @TempDir Path folder;

  private void awaitAhead(OffsetClock clock, Duration ahead) {
    await()
        .untilAsserted(
            () ->
                assertThat(clock.instant())
                    .isCloseTo(Instant.now().plus(ahead), within(30, ChronoUnit.SECONDS)));
  }

  @Test
  void itIsRightUntilItIsSteppedAndGoesByTheLastStep() throws Exception {
    var file = folder.resolve("clock");
    var clock = new OffsetClock(file);
    awaitAhead(clock, Duration.ZERO);

    OffsetClock.set(file, Duration.ofHours(3));
    awaitAhead(clock, Duration.ofHours(3));
    OffsetClock.set(file, Duration.ofMinutes(-90));
    awaitAhead(clock, Duration.ofMinutes(-90));
    awaitAhead(new OffsetClock(file), Duration.ofMinutes(-90));
  }

  @Test
  void aServerUsesTheClockOfTheMachineUnlessAJvmOptionSaysOtherwise() {
    assertThat(System.getProperty(OffsetClock.PROPERTY)).isNull();
    assertThat(new ClockProducer().system()).isNotInstanceOf(OffsetClock.class);
  }
}
