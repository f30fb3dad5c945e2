package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LabelValuesTest {
  @Test
  void theFirstValuesStandForThemselvesAndAllFurtherOnesForOther() {
    var values = new LabelValues(2);

    assertThat(values.ifKnown("a")).isEqualTo("other");
    assertThat(values.known("a")).isEqualTo("a");
    assertThat(values.known("b")).isEqualTo("b");
    assertThat(values.known("c")).isEqualTo("other");
    assertThat(values.known("a")).isEqualTo("a");
    assertThat(values.ifKnown("b")).isEqualTo("b");
  }

  @Test
  void aLongValueIsNoLabel() {
    assertThat(new LabelValues(2).known("m".repeat(101))).isEqualTo("other");
  }
}
