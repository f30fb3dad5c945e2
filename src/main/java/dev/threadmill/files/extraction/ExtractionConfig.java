package dev.threadmill.files.extraction;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** The limits of reading files. */
@ConfigMapping(prefix = "threadmill.files.extraction")
public interface ExtractionConfig {
  /** A file with more characters of text than this is not read. */
  @WithDefault("20000000")
  int maxCharacters();
}
