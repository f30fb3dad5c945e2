package dev.threadmill.vectorstores.rest;

/** A piece of text. */
public record TextContent(String type, String text) {
  static TextContent of(String text) {
    return new TextContent("text", text);
  }
}
