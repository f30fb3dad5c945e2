package dev.threadmill.models.embeddings;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/** The settings of the embedding model. */
@ConfigMapping(prefix = "threadmill.embeddings")
public interface EmbeddingsConfig {
  /**
   * THREADMILL_EMBEDDINGS: {@code local} for all-MiniLM-L6-v2 within the process, {@code
   * local/bge-small-en-v1.5} for the other model that comes along, or the name of a model of the
   * default provider.
   */
  @WithDefault("local")
  String model();

  /** How many numbers to ask the provider for; its own default if absent. */
  OptionalInt dimensions();

  /**
   * THREADMILL_EMBEDDINGS_REGION: where the provider of the model keeps and processes the texts,
   * such as {@code eu}. Not known unless set.
   */
  Optional<String> region();

  /** The folder in which built-in models are kept in the form that loads fastest. */
  @WithDefault("${threadmill.cache:${threadmill.home:${user.home}/.threadmill}/cache}/models")
  Path cache();

  /** The longest wait for the provider's answer. */
  @WithDefault("30s")
  Duration timeout();

  /** The most texts in one call of the provider. */
  @WithDefault("64")
  int batch();
}
