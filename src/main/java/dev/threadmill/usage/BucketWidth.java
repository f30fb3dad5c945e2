package dev.threadmill.usage;

import java.time.Duration;
import java.time.Instant;

/** The width of a bucket of time. Buckets begin at whole minutes, hours and days of UTC. */
enum BucketWidth {
  MINUTE("1m", Duration.ofMinutes(1), 60, 1_440),
  HOUR("1h", Duration.ofHours(1), 24, 168),
  DAY("1d", Duration.ofDays(1), 7, 31);

  private final String wire;
  private final Duration duration;
  private final int defaultBuckets;
  private final int maxBuckets;

  BucketWidth(String wire, Duration duration, int defaultBuckets, int maxBuckets) {
    this.wire = wire;
    this.duration = duration;
    this.defaultBuckets = defaultBuckets;
    this.maxBuckets = maxBuckets;
  }

  String wire() {
    return wire;
  }

  Duration duration() {
    return duration;
  }

  /** How many buckets a page has unless the client says. */
  int defaultBuckets() {
    return defaultBuckets;
  }

  /** The most buckets of a page. */
  int maxBuckets() {
    return maxBuckets;
  }

  /** The beginning of the bucket of this time. */
  Instant floor(Instant at) {
    long seconds = duration.toSeconds();
    return Instant.ofEpochSecond(Math.floorDiv(at.getEpochSecond(), seconds) * seconds);
  }
}
