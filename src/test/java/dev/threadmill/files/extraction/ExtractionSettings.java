package dev.threadmill.files.extraction;

import java.time.Duration;
import java.util.Optional;

/** Settings of a test. */
record ExtractionSettings(
    int maxCharacters,
    int processes,
    int heapMegabytes,
    Duration timeout,
    Duration idle,
    Optional<String> pictureModel,
    int maxPictures)
    implements ExtractionConfig {
  static ExtractionSettings usual() {
    return new ExtractionSettings(
        20_000_000, 1, 256, Duration.ofSeconds(60), Duration.ofSeconds(60), Optional.empty(), 20);
  }

  ExtractionSettings withMaxCharacters(int characters) {
    return new ExtractionSettings(
        characters, processes, heapMegabytes, timeout, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withTimeout(Duration duration) {
    return new ExtractionSettings(
        maxCharacters, processes, heapMegabytes, duration, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withIdle(Duration duration) {
    return new ExtractionSettings(
        maxCharacters, processes, heapMegabytes, timeout, duration, pictureModel, maxPictures);
  }

  ExtractionSettings withHeapMegabytes(int megabytes) {
    return new ExtractionSettings(
        maxCharacters, processes, megabytes, timeout, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withPictureModel(String model) {
    return new ExtractionSettings(
        maxCharacters, processes, heapMegabytes, timeout, idle, Optional.of(model), maxPictures);
  }
}
