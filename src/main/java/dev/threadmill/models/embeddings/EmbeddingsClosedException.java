package dev.threadmill.models.embeddings;

import dev.threadmill.models.ModelException;

/** The embedding model within the process was closed, because the server is shutting down. */
public final class EmbeddingsClosedException extends ModelException {
  EmbeddingsClosedException(Throwable cause) {
    super(Kind.PROVIDER_FAILED, "The server is shutting down.", cause);
  }
}
