package dev.threadmill.memory;

import dev.threadmill.models.embeddings.Embeddings;
import dev.threadmill.models.embeddings.EmbeddingsConfig;
import dev.threadmill.projects.DataRecipient;
import dev.threadmill.projects.Regions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** The embedding model that receives the messages of all projects. */
@ApplicationScoped
class EmbeddingsOfMemory implements DataRecipient {
  private final EmbeddingsConfig config;

  EmbeddingsOfMemory(EmbeddingsConfig config) {
    this.config = config;
  }

  @Override
  public Optional<Recipient> recipient() {
    return Embeddings.isLocal(config.model())
        ? Optional.empty()
        : Optional.of(
            new Recipient(
                "The embedding model '%s'".formatted(config.model().strip()),
                config.region().flatMap(Regions::parse).orElse(null)));
  }
}
