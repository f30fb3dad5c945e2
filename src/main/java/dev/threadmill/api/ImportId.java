package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of an import. */
public record ImportId(String value) implements Id {
  public static final String PREFIX = "import_";

  @JsonCreator
  public ImportId {
    Ids.check(PREFIX, "import_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
