package dev.threadmill.models;

/** A part of a message of the user. */
public sealed interface ModelPart {
  record Text(String text) implements ModelPart {}

  /**
   * @param url an http(s) address, or a {@code data:} URL with the image
   * @param detail {@code auto}, {@code low} or {@code high}; null for the provider's default
   */
  record Image(String url, String detail) implements ModelPart {}

  /**
   * @param data in base64
   * @param format {@code wav}, {@code mp3} and so on
   */
  record Audio(String data, String format) implements ModelPart {}

  /**
   * A file. Models are only sent those that they read themselves, with their content: others are in
   * a prompt as text.
   *
   * @param fileId the uploaded file, in requests whose files are not loaded yet; null if the
   *     request has the content
   * @param data null until the content is loaded
   */
  record File(String fileId, FileData data) implements ModelPart {}
}
