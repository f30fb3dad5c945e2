package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A place in a text that points to a file. Its {@code text} is the marker that stands there. */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "file_citation", value = Annotation.FileCitation.class),
  @JsonSubTypes.Type(name = "file_path", value = Annotation.FilePath.class),
})
@JsonPropertyOrder("type")
public sealed interface Annotation {
  /** The kind of annotation, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case FileCitation _ -> "file_citation";
      case FilePath _ -> "file_path";
    };
  }

  /** A file. */
  record FileReference(String fileId) {}

  /** What is said there was found in this file. */
  record FileCitation(String text, int startIndex, int endIndex, FileReference fileCitation)
      implements Annotation {}

  /** What is named there is this file. */
  record FilePath(String text, int startIndex, int endIndex, FileReference filePath)
      implements Annotation {}
}
