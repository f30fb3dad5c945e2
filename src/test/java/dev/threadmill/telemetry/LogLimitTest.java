package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import org.jboss.logmanager.ExtLogRecord;
import org.junit.jupiter.api.Test;

class LogLimitTest {
  private final AtomicLong time = new AtomicLong();
  private final LogLimit limit = new LogLimit(time::get);

  private List<String> logged(int records, String format) {
    var lines = new ArrayList<String>();
    for (int i = 0; i < records; i++) {
      var record =
          new ExtLogRecord(Level.WARNING, format, ExtLogRecord.FormatStyle.PRINTF, "egress");
      record.setLoggerName("dev.threadmill.egress.EgressClient");
      record.setParameters(new Object[] {"host-" + i});
      if (limit.isLoggable(record)) {
        lines.add(record.getFormattedMessage());
      }
    }
    return lines;
  }

  @Test
  void aHundredRecordsOfAKindAreLoggedInAMinuteAndTheLastSaysThatMoreAreLeftOut() {
    var lines = logged(5_000, "egress_failed %s");

    assertThat(lines).hasSize(100).startsWith("egress_failed host-0", "egress_failed host-1");
    assertThat(lines.getLast())
        .isEqualTo("egress_failed host-99 (more like this one are left out for a minute)");
  }

  @Test
  void afterTheMinuteTheNextRecordSaysHowManyWereLeftOut() {
    logged(5_000, "egress_failed %s");
    time.addAndGet(Duration.ofMinutes(1).toNanos());

    assertThat(logged(2, "egress_failed %s"))
        .containsExactly(
            "egress_failed host-0 (4900 more like this one were left out)", "egress_failed host-1");
  }

  @Test
  void recordsOfOtherKindsAreLogged() {
    logged(5_000, "egress_failed %s");

    assertThat(logged(1, "run interrupted run_id=%s"))
        .containsExactly("run interrupted run_id=host-0");
  }
}
