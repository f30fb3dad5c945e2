package dev.threadmill.models;

/** A part of what a user says to a model. */
public sealed interface ModelPart {
  record Text(String text) implements ModelPart {}

  /**
   * @param url an http(s) address, or a {@code data:} URL that holds the picture
   * @param detail {@code auto}, {@code low} or {@code high}; null for the provider's default
   */
  record Image(String url, String detail) implements ModelPart {}

  /**
   * @param data the sound, in base64
   * @param format {@code wav}, {@code mp3} and so on
   */
  record Audio(String data, String format) implements ModelPart {}
}
