package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.AssistantId;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.SettableClock;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Three nodes that do what they do one transaction at a time, in an order that a seed decides,
 * while clients create, cancel, answer and read runs and nodes are killed, frozen, given up,
 * stopped and started at any point between two transactions. After each history the promises are
 * held against the database and against what the readers have seen.
 *
 * <p>A history that fails says its seed: {@code -Dthreadmill.simulation.seed=N} plays that one
 * alone, {@code -Dthreadmill.simulation.histories=2000} as many, from that seed on or from the
 * first.
 */
@QuarkusTest
@TestProfile(SimulationTest.Alone.class)
@QuarkusTestResource(value = SimulationDatabase.class, restrictToAnnotatedClass = true)
@QuarkusTestResource(KeysResource.class)
@Timeout(900)
class SimulationTest {
  private static final int HISTORIES = 100;
  private static final int ENOUGH_FOR_RARE_THINGS = 500;

  /** The server of the test itself does nothing by itself. */
  public static final class Alone implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "threadmill.runs.sweep-every", "10h",
          "threadmill.runs.lease", "10h",
          "threadmill.memory.worker", "false",
          "quarkus.log.category.\"dev.threadmill\".level", "ERROR");
    }
  }

  @Inject SimulatedParts parts;
  @Inject SettableClock clock;
  private AssistantId assistant;

  @AfterEach
  void resetClock() {
    clock.reset();
  }

  @Test
  void whateverTheOrderOfThingsEveryPromiseIsKept() {
    assistant =
        new AssistantId(
            ApiClient.user()
                .post(
                    "/v1/assistants",
                    """
                    {"model": "rehearsal",
                     "tools": [{"type": "function", "function": {"name": "look_up"}}]}
                    """)
                .id());
    var chosen = Optional.ofNullable(Long.getLong("threadmill.simulation.seed"));
    long first = chosen.orElse(1L);
    long count =
        Long.getLong("threadmill.simulation.histories", chosen.isPresent() ? 1L : HISTORIES);
    int turns = 0;
    int messagesCutOff = 0;
    for (long seed = first; seed < first + count; seed++) {
      var history = play(seed);
      turns += history.turns();
      messagesCutOff += history.messagesCutOff();
    }
    if (count >= HISTORIES) {
      assertThat(turns).as("turns played").isGreaterThan(HISTORIES * 10);
    }
    if (count >= ENOUGH_FOR_RARE_THINGS) {
      assertThat(messagesCutOff).as("messages cut off between two visits of a reader").isPositive();
    }
  }

  private SimulatedHistory play(long seed) {
    var history = new SimulatedHistory(seed, parts, assistant);
    try {
      history.play();
      return history;
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "seed " + seed + " (-Dthreadmill.simulation.seed=" + seed + "): " + history.said(), e);
    }
  }
}
