package dev.threadmill.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import org.jboss.logging.Logger;

/**
 * Gauges whose values are read from the database. A scrape shows what was read last and has it read
 * again in the background, so a scrape never waits, and a server that is not scraped reads nothing.
 */
@ApplicationScoped
public class SampledGauges {
  private static final Logger LOG = Logger.getLogger(SampledGauges.class);
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final MeterRegistry meters;
  private final List<Sampled> gauges = new CopyOnWriteArrayList<>();
  private final AtomicBoolean isReading = new AtomicBoolean();
  private volatile long readAt = System.nanoTime() - FRESH.toNanos();

  SampledGauges(MeterRegistry meters) {
    this.meters = meters;
  }

  private static final class Sampled {
    private final DoubleSupplier query;
    private volatile double value = Double.NaN;

    Sampled(DoubleSupplier query) {
      this.query = query;
    }
  }

  /**
   * Adds a gauge.
   *
   * @param unit such as {@code seconds}; null for a count
   * @param query takes few milliseconds; what it throws is logged, and the value is not a number
   */
  public void register(
      String name, String description, String unit, Tags tags, DoubleSupplier query) {
    var sampled = new Sampled(query);
    gauges.add(sampled);
    Gauge.builder(name, sampled, this::value)
        .description(description)
        .baseUnit(unit)
        .tags(tags)
        .register(meters);
  }

  private double value(Sampled sampled) {
    if (System.nanoTime() - readAt >= FRESH.toNanos() && isReading.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("gauges")
          .start(
              () -> {
                try {
                  read();
                } finally {
                  readAt = System.nanoTime();
                  isReading.set(false);
                }
              });
    }
    return sampled.value;
  }

  /** Reads all values now. */
  void read() {
    for (var gauge : gauges) {
      try {
        gauge.value = gauge.query.getAsDouble();
      } catch (RuntimeException e) {
        gauge.value = Double.NaN;
        LOG.debugf("gauge not read cause=%s", e.getMessage());
      }
    }
  }
}
