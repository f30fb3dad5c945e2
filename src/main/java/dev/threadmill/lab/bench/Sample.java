package dev.threadmill.lab.bench;

/**
 * One run as its client measured it.
 *
 * @param firstNanos from its start to the first token
 * @param totalNanos from its start to the end of the stream
 * @param providerFirst the provider's own share of {@code firstNanos}
 * @param providerTotal the provider's own share of {@code totalNanos}; tool calls take it no time
 * @param promptBytes the size of the last request that the provider received
 */
record Sample(
    long firstNanos, long totalNanos, long providerFirst, long providerTotal, long promptBytes) {

  /** The delay of the first token beyond the provider's own time. */
  long firstOverhead() {
    return firstNanos - providerFirst;
  }

  /** The delay of the end beyond the provider's own time. */
  long totalOverhead() {
    return totalNanos - providerTotal;
  }
}
