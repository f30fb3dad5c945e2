package dev.threadmill.lab.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ToLongFunction;

/** Sorted samples with their quantiles. */
final class Distribution {
  private final long[] sorted;

  private Distribution(long[] sorted) {
    this.sorted = sorted;
  }

  static <T> Distribution of(Collection<T> samples, ToLongFunction<T> value) {
    if (samples.isEmpty()) {
      throw new IllegalStateException("nothing was measured");
    }
    return new Distribution(samples.stream().mapToLong(value).sorted().toArray());
  }

  static double median(double... values) {
    var sorted = Arrays.stream(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The smallest value that at least this share of all values does not exceed. */
  long quantile(double share) {
    return sorted[Math.clamp((int) Math.ceil(share * sorted.length) - 1, 0, sorted.length - 1)];
  }

  long p50() {
    return quantile(0.5);
  }

  long p99() {
    return quantile(0.99);
  }

  int size() {
    return sorted.length;
  }
}
