package dev.threadmill.privacy;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** The external recognizer of names. */
@ConfigMapping(prefix = "threadmill.presidio")
public interface PrivacyConfig {
  /**
   * THREADMILL_PRESIDIO_URL: a server with Presidio's {@code POST /analyze}, which finds names in
   * the texts of projects whose privacy is strict.
   */
  Optional<String> url();

  /** THREADMILL_PRESIDIO_LANGUAGE: the language that is named in each call. */
  @WithDefault("en")
  String language();

  /** THREADMILL_PRESIDIO_TIMEOUT: after this time the text is refused. */
  @WithDefault("5s")
  Duration timeout();

  /** THREADMILL_PRESIDIO_SCORE: names below this score are none, 0 to 1. */
  @WithDefault("0.5")
  double score();
}
