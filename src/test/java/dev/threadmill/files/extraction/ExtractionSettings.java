package dev.threadmill.files.extraction;

import java.time.Duration;

/** Settings of a test. */
record ExtractionSettings(
    int maxCharacters, int processes, int heapMegabytes, Duration timeout, Duration idle)
    implements ExtractionConfig {
  static ExtractionSettings usual() {
    return new ExtractionSettings(
        20_000_000, 1, 256, Duration.ofSeconds(60), Duration.ofSeconds(60));
  }

  ExtractionSettings withMaxCharacters(int characters) {
    return new ExtractionSettings(characters, processes, heapMegabytes, timeout, idle);
  }

  ExtractionSettings withTimeout(Duration duration) {
    return new ExtractionSettings(maxCharacters, processes, heapMegabytes, duration, idle);
  }
}
