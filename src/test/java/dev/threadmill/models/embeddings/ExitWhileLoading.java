package dev.threadmill.models.embeddings;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A process that ends while it loads the embedding model, as a server that is stopped early. */
final class ExitWhileLoading {
  private ExitWhileLoading() {}

  /**
   * @param args milliseconds until the end
   */
  public static void main(String... args) {
    var embeddings = new LocalEmbeddings(LocalEmbeddings.Weights.MINILM, new ModelCache(null));
    Runtime.getRuntime().addShutdownHook(new Thread(embeddings::close));
    embeddings.warmUp();
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(Long.parseLong(args[0])));
    System.exit(0);
  }
}
