package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.threadmill.models.FileData;
import java.util.List;

/**
 * A part of a message, as it is stored and as clients read it. The form that clients send differs a
 * little: see {@link InputPart}.
 */
@JsonTypeInfo(
    use = JsonTypeInfo.Id.NAME,
    include = JsonTypeInfo.As.EXISTING_PROPERTY,
    property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "text", value = ContentPart.Text.class),
  @JsonSubTypes.Type(name = "image_file", value = ContentPart.ImageFile.class),
  @JsonSubTypes.Type(name = "image_url", value = ContentPart.ImageUrl.class),
  @JsonSubTypes.Type(name = "file", value = ContentPart.File.class),
  @JsonSubTypes.Type(name = "audio", value = ContentPart.Audio.class),
  @JsonSubTypes.Type(name = "refusal", value = ContentPart.Refusal.class),
})
@JsonPropertyOrder("type")
public sealed interface ContentPart {
  /** The size of a part beside its content, in characters. */
  int PART_OVERHEAD = 64;

  /** The kind of part, as it stands on the wire. */
  @JsonProperty("type")
  default String type() {
    return switch (this) {
      case Text _ -> "text";
      case ImageFile _ -> "image_file";
      case ImageUrl _ -> "image_url";
      case File _ -> "file";
      case Audio _ -> "audio";
      case Refusal _ -> "refusal";
    };
  }

  /**
   * The approximate size of these parts in characters: images and audio count with their base64,
   * and each part and annotation adds {@link #PART_OVERHEAD}, since there may be very many.
   */
  static long sizeInCharacters(List<ContentPart> parts) {
    return parts.stream().mapToLong(ContentPart::sizeInCharacters).sum();
  }

  private static long sizeInCharacters(ContentPart part) {
    return PART_OVERHEAD
        + switch (part) {
          case Text text ->
              text.value().length() + (long) PART_OVERHEAD * text.text().annotations().size();
          case Refusal refusal -> refusal.refusal().length();
          case ImageUrl image -> image.imageUrl().url().length();
          case Audio audio -> audio.audio().data().length();
          case File file -> file.data() == null ? 0 : file.data().base64().length();
          case ImageFile image -> image.data() == null ? 0 : image.data().base64().length();
        };
  }

  /** The text of these parts, refusals included, one behind the other. */
  static String textOf(List<ContentPart> parts) {
    var text = new StringBuilder();
    for (var part : parts) {
      switch (part) {
        case Text plain -> text.append(plain.value());
        case Refusal refusal -> text.append(refusal.refusal());
        case ImageFile _, ImageUrl _, Audio _, File _ -> {
          // These have no text.
        }
      }
    }
    return text.toString();
  }

  /** The refusal in these parts; empty if there is none. */
  static String refusalOf(List<ContentPart> parts) {
    return parts.stream()
        .filter(Refusal.class::isInstance)
        .map(part -> ((Refusal) part).refusal())
        .findFirst()
        .orElse("");
  }

  /** The annotations of the texts of these parts, in their order. */
  static List<Annotation> annotationsOf(List<ContentPart> parts) {
    return parts.stream()
        .filter(Text.class::isInstance)
        .flatMap(part -> ((Text) part).text().annotations().stream())
        .toList();
  }

  /** Text without annotations. */
  static ContentPart text(String value) {
    return new Text(new TextValue(value, List.of()));
  }

  /** Text with these annotations. */
  static ContentPart text(String value, List<Annotation> annotations) {
    return new Text(new TextValue(value, annotations));
  }

  /** A refusal of the model to answer. */
  static ContentPart refusal(String value) {
    return new Refusal(value);
  }

  /** Text with annotations. */
  record Text(TextValue text) implements ContentPart {
    @JsonCreator
    public Text {}

    public String value() {
      return text.value();
    }
  }

  /** The text itself. */
  record TextValue(String value, List<Annotation> annotations) {
    public TextValue {
      annotations = List.copyOf(annotations);
    }
  }

  /**
   * An image that is a file.
   *
   * @param data the content, in a message that is not stored yet; else null
   */
  record ImageFile(Picture imageFile, @JsonIgnore FileData data) implements ContentPart {
    /** An uploaded image. */
    @JsonCreator
    public ImageFile(@JsonProperty("image_file") Picture imageFile) {
      this(imageFile, null);
    }

    /**
     * The file, and the level of detail.
     *
     * @param fileId null in a message whose content is not stored yet
     */
    public record Picture(String fileId, Detail detail) {}
  }

  /** An image on the web, or in a {@code data:} URL. */
  record ImageUrl(Picture imageUrl) implements ContentPart {
    @JsonCreator
    public ImageUrl {}

    /** The address, and the level of detail. */
    public record Picture(String url, Detail detail) {}
  }

  /**
   * A file.
   *
   * @param fileId null in a message whose content is not stored yet
   * @param data the content: in a message that is not stored yet, and in a prompt for a model that
   *     reads files; else null
   */
  record File(String fileId, @JsonIgnore FileData data) implements ContentPart {
    /** An uploaded file. */
    @JsonCreator
    public File(@JsonProperty("file_id") String fileId) {
      this(fileId, null);
    }
  }

  /** Audio. */
  record Audio(Sound audio) implements ContentPart {
    @JsonCreator
    public Audio {}

    /**
     * @param data in base64
     * @param format {@code wav}, {@code mp3} and so on
     */
    public record Sound(String data, String format) {}
  }

  /** A refusal of the model to answer. */
  record Refusal(String refusal) implements ContentPart {
    @JsonCreator
    public Refusal {}
  }

  /** The level of detail at which a model reads an image. */
  enum Detail {
    @JsonProperty("auto")
    AUTO,
    @JsonProperty("low")
    LOW,
    @JsonProperty("high")
    HIGH
  }
}
