package dev.threadmill.models;

import java.util.List;

/** A model that places texts in a space where what means the same lies close together. */
public interface EmbeddingModel {
  /** The model's name, stored with each vector: vectors of different models do not compare. */
  String name();

  /** How many numbers a vector has. */
  int dimensions();

  /**
   * The vectors of texts that are to be found, of length one, in the order of the texts.
   *
   * @throws ModelException if the model could not be reached or refused
   * @throws InterruptedException if the thread was interrupted
   */
  List<float[]> embed(List<String> texts) throws InterruptedException;

  /**
   * The vector of a question, by which texts are sought. Some models want it worded differently.
   *
   * @throws ModelException if the model could not be reached or refused
   * @throws InterruptedException if the thread was interrupted
   */
  float[] embedQuery(String query) throws InterruptedException;

  /**
   * As {@link #embed}, for somebody who waits: ahead of what is embedded in the background.
   *
   * @throws ModelException if the model could not be reached or refused
   * @throws InterruptedException if the thread was interrupted
   */
  default List<float[]> embedNow(List<String> texts) throws InterruptedException {
    return embed(texts);
  }

  /** Gets ready ahead of the first text, where that takes time; comes back at once. */
  default void warmUp() {}

  /** Ends what is under way, and refuses what comes after. Waits for what cannot be broken off. */
  default void close() {}
}
