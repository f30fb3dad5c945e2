package dev.threadmill.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopKTest {
  @Test
  void theHighestValuesStayAndAtATieTheLatest() {
    var random = new Random(5);
    for (int round = 0; round < 50; round++) {
      int offers = 1 + random.nextInt(300);
      int capacity = 1 + random.nextInt(40);
      var values = IntStream.range(0, offers).mapToDouble(_ -> random.nextInt(12)).toArray();
      var times = random.longs(offers).toArray();
      var best = new TopK(capacity);

      for (int slot = 0; slot < offers; slot++) {
        if (best.isCompetitive(values[slot])) {
          best.offer(slot, values[slot], times[slot]);
        }
      }

      var expected =
          IntStream.range(0, offers)
              .boxed()
              .sorted(
                  Comparator.comparingDouble((Integer slot) -> values[slot])
                      .thenComparingLong(slot -> times[slot])
                      .reversed())
              .limit(capacity)
              .toList();
      assertThat(Arrays.stream(best.slots()).boxed().toList())
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  @Test
  void whatIsNoNumberIsNeverAmongTheHighest() {
    assertThat(new TopK(3).isCompetitive(Double.NaN)).isFalse();
  }
}
