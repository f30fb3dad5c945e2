package dev.threadmill.privacy.detect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.lab.privacy.PrivacyBench;
import org.junit.jupiter.api.Test;

class PrivacyBenchTest {
  @Test
  void structuredKindsAreFoundAndOrdinaryTextIsLeftAlone() {
    var results = PrivacyBench.measure(20);

    for (var kind : PrivacyBench.STRUCTURED) {
      var result = results.byKind().get(kind);
      assertThat(result.samples()).isPositive();
      assertThat(result.recall())
          .as("%s: %s", kind, result.missed())
          .isGreaterThanOrEqualTo(PrivacyBench.LEAST_RECALL);
    }
    assertThat(results.words()).isGreaterThan(4_000);
    assertThat(results.alarmsPerThousandWords())
        .as(results.byKind().toString())
        .isLessThanOrEqualTo(PrivacyBench.MOST_ALARMS_PER_THOUSAND_WORDS);
  }
}
