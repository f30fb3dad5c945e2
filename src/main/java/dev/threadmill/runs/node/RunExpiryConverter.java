package dev.threadmill.runs.node;

import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;
import org.eclipse.microprofile.config.spi.Converter;

/** Reads the time after which runs expire: from 10 seconds to 24 hours, such as {@code 30m}. */
public class RunExpiryConverter implements Converter<Duration> {
  private static final Duration MIN = Duration.ofSeconds(10);
  private static final Duration MAX = Duration.ofHours(24);

  @Override
  public Duration convert(String value) {
    var expiry = DurationConverter.parseDuration(value);
    if (expiry == null || expiry.compareTo(MIN) < 0 || expiry.compareTo(MAX) > 0) {
      throw new IllegalArgumentException("expected a duration from 10s to 24h, such as 30m");
    }
    return expiry;
  }
}
