package dev.threadmill.lab.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.lab.chaos.RecoveryTimes.InterruptedRun;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecoveryTimesTest {
  private final RecoveryTimes waits = new RecoveryTimes();

  private static InterruptedRun killed(int attempt, Duration ago) {
    return new InterruptedRun("a", attempt, System.nanoTime() - ago.toNanos());
  }

  @Test
  void aRecoveryEndsWithATokenOfALaterAttempt() {
    waits.nodeKilled(Map.of("run_1", killed(2, Duration.ofSeconds(3))));
    waits.tokenReceived("run_1", 2); // was still in a socket
    waits.tokenReceived("run_2", 3);
    assertThat(waits).hasToString("not measured yet");

    waits.tokenReceived("run_1", 3);
    waits.tokenReceived("run_1", 3);
    assertThat(waits.toString()).endsWith("of 1");
  }

  @Test
  void theLongestRecoveryComesFirstAndCountsFromTheFirstKill() {
    waits.nodeKilled(Map.of("run_1", killed(1, Duration.ofSeconds(20))));
    waits.nodeKilled(Map.of("run_2", killed(1, Duration.ofSeconds(10))));
    waits.nodeKilled(Map.of("run_1", killed(2, Duration.ofSeconds(1))));
    waits.tokenReceived("run_2", 2);
    waits.tokenReceived("run_1", 3);

    assertThat(waits.longest(5))
        .extracting(RecoveryTimes.Recovery::run)
        .containsExactly("run_1", "run_2");
    assertThat(waits.longest(1)).hasSize(1);
  }
}
