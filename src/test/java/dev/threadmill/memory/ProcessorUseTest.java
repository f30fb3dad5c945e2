package dev.threadmill.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessorUseTest {
  private long now;
  private double load;
  private int samples;

  private ProcessorUse use(double share) {
    return new ProcessorUse(share, new ProcessorUse.Machine(2, this::sample, () -> now));
  }

  private double sample() {
    samples++;
    return load;
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private static long millis(long count) {
    return Duration.ofMillis(count).toNanos();
  }

  @Test
  void theWorkTakesItsShareOfAllProcessors() {
    assertThat(use(0.5).pause(millis(100))).isZero();
    assertThat(use(0.25).pause(millis(100))).isEqualTo(millis(100));
    assertThat(use(0.05).pause(millis(100))).isEqualTo(millis(900));
  }

  @Test
  void theWorkTakesAThirdOfTheTimeOfABusyMachine() {
    var use = use(0.5);
    load = 0.95;
    pass(Duration.ofMillis(300));

    assertThat(use.pause(millis(100))).isEqualTo(millis(200));
  }

  @Test
  void aMachineIsIdleIfOnlyTheWorkItselfKeepsItBusy() {
    var use = use(0.5);
    load = 0.6;
    pass(Duration.ofSeconds(1));
    use.pause(millis(800));

    assertThat(use.isIdle()).isTrue();
  }

  @Test
  void aMachineThatOthersKeepBusyIsNotIdleRightAfterTheLoadWasMeasured() {
    var use = use(0.5);
    load = 0.9;
    pass(Duration.ofSeconds(1));
    use.pause(millis(10));
    // what a measurement of the next millisecond says
    load = 0;
    pass(Duration.ofMillis(1));

    assertThat(use.isIdle()).isFalse();
    assertThat(samples).isEqualTo(2);
  }

  @Test
  void aMachineWhoseLoadIsUnknownIsNotIdle() {
    var use = use(0.5);
    assertThat(use.isIdle()).isFalse();
    load = -1;
    pass(Duration.ofSeconds(1));

    assertThat(use.isIdle()).isFalse();
  }

  @Test
  void aSmallShareMakesSmallBatches() {
    int processors = Runtime.getRuntime().availableProcessors();

    assertThat(ProcessorUse.batch(32, 1.0 / processors)).isEqualTo(32);
    assertThat(ProcessorUse.batch(32, 0.25 / processors)).isEqualTo(8);
    assertThat(ProcessorUse.batch(32, 0.001 / processors)).isEqualTo(1);
  }
}
