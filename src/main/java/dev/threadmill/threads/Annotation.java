package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * A reference from a range of a text to a file or a page of the web. {@code text} is what stands in
 * that range.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "file_citation", value = Annotation.FileCitation.class),
  @JsonSubTypes.Type(name = "file_path", value = Annotation.FilePath.class),
  @JsonSubTypes.Type(name = "url_citation", value = Annotation.UrlCitation.class),
})
@JsonPropertyOrder("type")
public sealed interface Annotation {
  /** The kind of annotation, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case FileCitation _ -> "file_citation";
      case FilePath _ -> "file_path";
      case UrlCitation _ -> "url_citation";
    };
  }

  /** A file. */
  record FileReference(String fileId) {}

  /**
   * Where in a file something stands.
   *
   * @param page from 1; left out if the format has no pages
   * @param heading the headings above it, outermost first; left out if there are none
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Location(Integer page, String heading) {}

  /**
   * The text at this range, in code points, is supported by this file.
   *
   * @param location the place in the file; left out if it is unknown
   */
  record FileCitation(
      String text,
      int startIndex,
      int endIndex,
      FileReference fileCitation,
      @JsonInclude(JsonInclude.Include.NON_NULL) Location location)
      implements Annotation {}

  /** The text at this range names this file. */
  record FilePath(String text, int startIndex, int endIndex, FileReference filePath)
      implements Annotation {}

  /** A page of the web. */
  record PageReference(String url, String title) {}

  /** The text at this range, in code points, is the address of a page that a search has found. */
  record UrlCitation(String text, int startIndex, int endIndex, PageReference urlCitation)
      implements Annotation {}
}
