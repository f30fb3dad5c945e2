package dev.threadmill.vectorstores.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Field;
import dev.threadmill.vectorstores.Attributes;

/** The body of {@code POST /v1/vector_stores/{vector_store_id}/files/{file_id}}; null clears. */
record ModifyFile(Field<Attributes> attributes) {
  ModifyFile {
    if (!attributes.isPresent()) {
      throw ApiException.missing("attributes");
    }
    attributes = attributes.replaceNull(Attributes.EMPTY);
  }
}
