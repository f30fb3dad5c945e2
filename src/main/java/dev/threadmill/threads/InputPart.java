package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.models.FileData;
import dev.threadmill.threads.ContentPart.Detail;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** A part of a message as clients send it. Equivalent forms of different APIs are accepted. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(name = "text", value = InputPart.Text.class),
  @JsonSubTypes.Type(name = "image_file", value = InputPart.ImageFile.class),
  @JsonSubTypes.Type(name = "image_url", value = InputPart.ImageUrl.class),
  @JsonSubTypes.Type(name = "file", value = InputPart.File.class),
  @JsonSubTypes.Type(name = "input_text", value = InputPart.Text.class),
  @JsonSubTypes.Type(name = "input_image", value = InputPart.InputImage.class),
  @JsonSubTypes.Type(name = "input_file", value = InputPart.InputFile.class),
  @JsonSubTypes.Type(name = "audio", value = InputPart.Audio.class),
  @JsonSubTypes.Type(name = "input_audio", value = InputPart.InputAudio.class),
})
sealed interface InputPart {
  /** The part as it is stored. */
  ContentPart toContentPart();

  /** {@code {"type": "text", "text": "…"}}: here text is a string. */
  record Text(String text) implements InputPart {
    @JsonCreator
    public Text {
      Bounds.required("text", text);
    }

    @Override
    public ContentPart toContentPart() {
      return ContentPart.text(text);
    }
  }

  /** {@code {"type": "image_file", "image_file": {"file_id": "…", "detail": "auto"}}}. */
  record ImageFile(Picture imageFile) implements InputPart {
    @JsonCreator
    public ImageFile {
      Bounds.required("image_file", imageFile);
    }

    record Picture(String fileId, Detail detail) {
      Picture {
        Bounds.required("file_id", fileId);
      }
    }

    @Override
    public ContentPart toContentPart() {
      return new ContentPart.ImageFile(
          new ContentPart.ImageFile.Picture(imageFile.fileId(), orAuto(imageFile.detail())));
    }
  }

  /** The address of an image, in an object or flat beside the type. */
  record ImageUrl(Picture imageUrl, String url, Detail detail) implements InputPart {
    private static final Pattern ADDRESS =
        Pattern.compile("(?:https?://|data:image/).+", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    public ImageUrl {
      if (imageUrl == null) {
        Bounds.required(url == null ? "image_url" : "url", url);
        check("url", url);
      } else if (url != null || detail != null) {
        throw ApiException.invalid(
            "image_url", "Invalid 'image_url': give the address once, not twice.");
      }
    }

    record Picture(String url, Detail detail) {
      @JsonCreator
      Picture {
        Bounds.required("url", url);
        check("url", url);
      }

      /** The address alone, in place of the object. */
      @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
      static Picture of(String url) {
        return new Picture(url, null);
      }
    }

    private static void check(String param, String url) {
      if (!ADDRESS.matcher(url).matches()) {
        throw ApiException.invalid(
            param, "Invalid '%s': expected an http, https or data:image URL.".formatted(param));
      }
    }

    @Override
    public ContentPart toContentPart() {
      var picture = imageUrl == null ? new Picture(url, detail) : imageUrl;
      return new ContentPart.ImageUrl(
          new ContentPart.ImageUrl.Picture(picture.url(), orAuto(picture.detail())));
    }
  }

  /** An image in the form of the Responses API: its address, or the id of a file. */
  record InputImage(String imageUrl, String fileId, Detail detail) implements InputPart {
    public InputImage {
      if ((imageUrl == null) == (fileId == null)) {
        throw ApiException.invalid(
            "image_url", "Invalid 'image_url': give either 'image_url' or 'file_id'.");
      }
      if (imageUrl != null) {
        ImageUrl.check("image_url", imageUrl);
      }
    }

    @Override
    public ContentPart toContentPart() {
      return fileId == null
          ? new ContentPart.ImageUrl(new ContentPart.ImageUrl.Picture(imageUrl, orAuto(detail)))
          : new ContentPart.ImageFile(new ContentPart.ImageFile.Picture(fileId, orAuto(detail)));
    }
  }

  /** A file, in the object of chat completions or flat beside the type. */
  record File(FileContent file) implements InputPart {
    @JsonCreator
    static File of(
        @JsonProperty("file_id") String fileId,
        @JsonProperty("filename") String filename,
        @JsonProperty("file_data") String fileData,
        @JsonProperty("file_url") String fileUrl,
        @JsonProperty("file") FileContent file) {
      if (file == null) {
        return new File(FileContent.of(fileId, filename, fileData, fileUrl));
      }
      if (fileId != null || fileData != null || fileUrl != null) {
        throw ApiException.invalid("file", "Invalid 'file': give the file once, not twice.");
      }
      return new File(file);
    }

    @Override
    public ContentPart toContentPart() {
      return file.toContentPart();
    }
  }

  /** A file in the form of the Responses API. */
  record InputFile(FileContent file) implements InputPart {
    @JsonCreator
    static InputFile of(
        @JsonProperty("file_id") String fileId,
        @JsonProperty("filename") String filename,
        @JsonProperty("file_data") String fileData,
        @JsonProperty("file_url") String fileUrl) {
      return new InputFile(FileContent.of(fileId, filename, fileData, fileUrl));
    }

    @Override
    public ContentPart toContentPart() {
      return file.toContentPart();
    }
  }

  /**
   * An uploaded file, or one that the message contains.
   *
   * @param fileId null if the message has the content
   * @param data null for an uploaded file
   */
  record FileContent(String fileId, FileData data) {
    private static final int MAX_NAME = 1_024;

    /**
     * @param filename of the content; ignored beside an id, as the file has a name
     * @param fileData a {@code data:} URL in base64, or the base64 alone
     */
    @JsonCreator
    static FileContent of(
        @JsonProperty("file_id") String fileId,
        @JsonProperty("filename") String filename,
        @JsonProperty("file_data") String fileData,
        @JsonProperty("file_url") String fileUrl) {
      if (fileUrl != null) {
        throw ApiException.invalid(
            "file_url",
            "Invalid 'file_url': this server does not download files. Upload the file with POST"
                + " /v1/files, or give its content as 'file_data'.");
      }
      if (fileData == null) {
        return new FileContent(Bounds.required("file_id", fileId), null);
      }
      if (fileId != null) {
        throw ApiException.invalid(
            "file_data", "Invalid 'file_data': give either 'file_id' or 'file_data'.");
      }
      var name = Bounds.text("filename", filename, MAX_NAME);
      return new FileContent(null, FileData.parse("file_data", name, fileData));
    }

    ContentPart toContentPart() {
      return new ContentPart.File(fileId, data);
    }
  }

  /** Audio, in an object or flat beside the type. */
  record Audio(Sound audio, String data, String format) implements InputPart {
    public Audio {
      if (audio == null) {
        Bounds.required(data == null ? "audio" : "data", data);
        audio = new Sound(data, format);
      } else if (data != null || format != null) {
        throw ApiException.invalid("audio", "Invalid 'audio': give the data once, not twice.");
      }
    }

    @Override
    public ContentPart toContentPart() {
      return audio.toContentPart();
    }
  }

  /** Audio in the form of chat completions. */
  record InputAudio(Sound inputAudio) implements InputPart {
    @JsonCreator
    public InputAudio {
      Bounds.required("input_audio", inputAudio);
    }

    @Override
    public ContentPart toContentPart() {
      return inputAudio.toContentPart();
    }
  }

  /** Audio in base64. */
  record Sound(String data, String format) {
    private static final String DEFAULT_FORMAT = "wav";
    private static final Pattern FORMAT = Pattern.compile("[a-z0-9]{1,10}");

    public Sound {
      Bounds.required("data", data);
      try {
        Base64.getDecoder().decode(data);
      } catch (IllegalArgumentException e) {
        throw ApiException.invalid("data", "Invalid 'data': expected base64.");
      }
      if (format != null && !FORMAT.matcher(format).matches()) {
        throw ApiException.invalid(
            "format", "Invalid 'format': expected 'wav', 'mp3' or the like.");
      }
    }

    ContentPart toContentPart() {
      return new ContentPart.Audio(
          new ContentPart.Audio.Sound(data, format == null ? DEFAULT_FORMAT : format));
    }
  }

  private static Detail orAuto(Detail detail) {
    return detail == null ? Detail.AUTO : detail;
  }

  /** Reads the content of a message: a string, or a list of parts. */
  final class ContentDeserializer extends JsonDeserializer<List<ContentPart>> {
    @Override
    public List<ContentPart> deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      if (parser.currentToken() == JsonToken.VALUE_STRING) {
        return List.of(ContentPart.text(parser.getText()));
      }
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        context.readValue(parser, JsonNode.class);
        throw ApiException.invalid(
            "content",
            "invalid_type",
            "Invalid type for 'content': expected a string or an array of content parts.");
      }
      List<InputPart> parts =
          context.readValue(
              parser,
              context.getTypeFactory().constructCollectionType(List.class, InputPart.class));
      return Bounds.list("content", parts, Integer.MAX_VALUE).stream()
          .map(InputPart::toContentPart)
          .toList();
    }
  }
}
