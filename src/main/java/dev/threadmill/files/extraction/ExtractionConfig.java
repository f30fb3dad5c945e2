package dev.threadmill.files.extraction;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The limits of reading files. */
@ConfigMapping(prefix = "threadmill.files.extraction")
public interface ExtractionConfig {
  /** A file with more characters of text than this is not read. */
  @WithDefault("20000000")
  int maxCharacters();

  /** The most processes that read documents at the same time. */
  @WithDefault("2")
  int processes();

  /** The heap of such a process, in megabytes. */
  @WithDefault("256")
  int heapMegabytes();

  /** The time to read a document; for each megabyte of it two more seconds, up to ten minutes. */
  @WithDefault("60s")
  Duration timeout();

  /**
   * Whether the processes are started in a cage without network and without the files of the
   * server, where the machine has bubblewrap.
   */
  @WithDefault("true")
  boolean cage();

  /** A process without work ends after this time. */
  @WithDefault("60s")
  Duration idle();

  /** The model that reads scanned pages and pictures; without it they have no text. */
  Optional<String> pictureModel();

  /** The most pictures of a file that the model reads. */
  @WithDefault("20")
  int maxPictures();
}
