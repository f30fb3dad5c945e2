package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a vector store. */
public record VectorStoreId(String value) implements Id {
  public static final String PREFIX = "vs_";

  @JsonCreator
  public VectorStoreId {
    Ids.check(PREFIX, "vector_store_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
