package dev.threadmill.models.embeddings;

import java.util.List;

/** A model that maps texts to vectors such that texts of similar meaning have a small angle. */
public interface EmbeddingModel {
  /** The model's name, stored with each vector: vectors of different models do not compare. */
  String name();

  /** The length of a vector. */
  int dimensions();

  /**
   * The vectors of texts to be indexed, normalized, in the order of the texts.
   *
   * @throws ModelException if the model failed; of kind {@code INVALID_PROMPT} if it refuses one of
   *     the texts
   * @throws InterruptedException if the thread was interrupted
   */
  List<float[]> embed(List<String> texts) throws InterruptedException;

  /**
   * The normalized vector of a query. Some models need a prefix in front of it.
   *
   * @throws ModelException if the model could not be reached or refused
   * @throws InterruptedException if the thread was interrupted
   */
  float[] embedQuery(String query) throws InterruptedException;

  /**
   * As {@link #embed}, ahead of texts that are embedded in the background: a request waits.
   *
   * @throws ModelException if the model could not be reached or refused
   * @throws InterruptedException if the thread was interrupted
   */
  default List<float[]> embedNow(List<String> texts) throws InterruptedException {
    return embed(texts);
  }

  /** Loads the model in the background. */
  default void warmUp() {}

  /** Refuses further texts, and waits for those that cannot be interrupted. */
  default void close() {}
}
