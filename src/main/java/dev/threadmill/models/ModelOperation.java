package dev.threadmill.models;

import java.util.Locale;

/** What a model is called for, as usage is told apart. */
public enum ModelOperation {
  /** A run. */
  RUN,
  /** A chat completion. */
  CHAT,
  /** Vectors of texts. */
  EMBEDDINGS,
  /** A moderation. */
  MODERATIONS,
  /** The order of the passages that a search has found. */
  RERANK,
  /** A summary of a thread, and the facts in it. */
  SUMMARY,
  /** The text of a picture in a file. */
  EXTRACTION;

  /** The name on the wire and in stored events. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
