package dev.threadmill.vectorstores;

import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;

/** The body of {@code POST /v1/vector_stores/{vector_store_id}}. What is left out stays. */
public record ModifyVectorStore(
    Field<String> name, Field<ExpiresAfter> expiresAfter, Field<Metadata> metadata) {
  public ModifyVectorStore {
    name = name.map(text -> Bounds.text("name", text, CreateVectorStore.MAX_NAME));
    metadata = metadata.replaceNull(Metadata.EMPTY);
  }

  /** A body that changes nothing. */
  public static ModifyVectorStore nothing() {
    return new ModifyVectorStore(Field.absent(), Field.absent(), Field.absent());
  }
}
