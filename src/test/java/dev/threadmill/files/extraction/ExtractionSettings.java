package dev.threadmill.files.extraction;

import java.time.Duration;
import java.util.Optional;

/** Settings of a test. */
record ExtractionSettings(
    int maxCharacters,
    int processes,
    int heapMegabytes,
    Duration timeout,
    boolean cage,
    Duration idle,
    Optional<String> pictureModel,
    int maxPictures)
    implements ExtractionConfig {
  static ExtractionSettings usual() {
    return new ExtractionSettings(
        20_000_000,
        1,
        256,
        Duration.ofSeconds(60),
        false,
        Duration.ofSeconds(60),
        Optional.empty(),
        20);
  }

  ExtractionSettings withMaxCharacters(int characters) {
    return new ExtractionSettings(
        characters, processes, heapMegabytes, timeout, cage, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withTimeout(Duration duration) {
    return new ExtractionSettings(
        maxCharacters, processes, heapMegabytes, duration, cage, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withIdle(Duration duration) {
    return new ExtractionSettings(
        maxCharacters,
        processes,
        heapMegabytes,
        timeout,
        cage,
        duration,
        pictureModel,
        maxPictures);
  }

  ExtractionSettings withHeapMegabytes(int megabytes) {
    return new ExtractionSettings(
        maxCharacters, processes, megabytes, timeout, cage, idle, pictureModel, maxPictures);
  }

  ExtractionSettings withPictureModel(String model) {
    return new ExtractionSettings(
        maxCharacters,
        processes,
        heapMegabytes,
        timeout,
        cage,
        idle,
        Optional.of(model),
        maxPictures);
  }

  ExtractionSettings inCage() {
    return new ExtractionSettings(
        maxCharacters, processes, heapMegabytes, timeout, true, idle, pictureModel, maxPictures);
  }
}
