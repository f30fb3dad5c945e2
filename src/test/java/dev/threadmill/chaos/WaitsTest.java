package dev.threadmill.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.chaos.Waits.Killed;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WaitsTest {
  private final Waits waits = new Waits();

  private static Killed killed(int attempt, Duration ago) {
    return new Killed("a", attempt, System.nanoTime() - ago.toNanos());
  }

  @Test
  void aRunWaitsUntilALaterAttemptTellsSomething() {
    waits.killedUnder(Map.of("run_1", killed(2, Duration.ofSeconds(3))));
    waits.token("run_1", 2); // was still in a socket
    waits.token("run_2", 3);
    assertThat(waits).hasToString("not measured yet");

    waits.token("run_1", 3);
    waits.token("run_1", 3);
    assertThat(waits.toString()).endsWith("of 1");
  }

  @Test
  void theLongestWaitComesFirstAndARunThatIsKilledTwiceWaitsSinceTheFirstTime() {
    waits.killedUnder(Map.of("run_1", killed(1, Duration.ofSeconds(20))));
    waits.killedUnder(Map.of("run_2", killed(1, Duration.ofSeconds(10))));
    waits.killedUnder(Map.of("run_1", killed(2, Duration.ofSeconds(1))));
    waits.token("run_2", 2);
    waits.token("run_1", 3);

    assertThat(waits.longest(5)).extracting(Waits.Wait::run).containsExactly("run_1", "run_2");
    assertThat(waits.longest(1)).hasSize(1);
  }
}
