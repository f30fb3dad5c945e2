package dev.threadmill.lab.bench;

/**
 * One run, as its client saw it.
 *
 * @param firstNanos from its start to the first token
 * @param totalNanos from its start to the end of the stream
 * @param providerFirst what of the first the provider took itself
 * @param providerTotal what of the total the provider took itself; calls of tools take it no time
 * @param promptBytes the size of the last request that the provider got
 */
record Sample(
    long firstNanos, long totalNanos, long providerFirst, long providerTotal, long promptBytes) {

  /** What the first token was late beside the provider's own time. */
  long firstOverhead() {
    return firstNanos - providerFirst;
  }

  /** What the end was late beside the provider's own time. */
  long totalOverhead() {
    return totalNanos - providerTotal;
  }
}
