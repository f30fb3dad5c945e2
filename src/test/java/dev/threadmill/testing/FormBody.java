package dev.threadmill.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A {@code multipart/form-data} body as clients send it. */
public final class FormBody {
  private static final String BOUNDARY = "----threadmill-form-5f2c";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** The content type of a request with such a body. */
  public static String contentType() {
    return "multipart/form-data; boundary=" + BOUNDARY;
  }

  /** Adds a field. */
  public FormBody field(String name, String value) {
    write("--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n".formatted(BOUNDARY, name));
    write(value + "\r\n");
    return this;
  }

  /** Adds a file. */
  public FormBody file(String name, String filename, String content) {
    return file(name, filename, "text/plain", content.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds a file; the name is written as it is. */
  public FormBody file(String name, String filename, String type, byte[] content) {
    write(head(name, filename, type));
    bytes.writeBytes(content);
    write("\r\n");
    return this;
  }

  /** What stands before the content of a file that is the first part of a body. */
  public static String head(String name, String filename, String type) {
    return """
    --%s\r
    Content-Disposition: form-data; name="%s"; filename="%s"\r
    Content-Type: %s\r
    \r
    """
        .formatted(BOUNDARY, name, filename, type);
  }

  /** What stands after the last part, which has to end with a line break. */
  public static String end() {
    return "--" + BOUNDARY + "--\r\n";
  }

  /** The whole body. */
  public byte[] bytes() {
    var all = new ByteArrayOutputStream();
    all.writeBytes(bytes.toByteArray());
    all.writeBytes(end().getBytes(StandardCharsets.UTF_8));
    return all.toByteArray();
  }

  /** Posts this form. */
  public ApiClient.Response post(ApiClient caller, String path) {
    return caller.with("Content-Type", contentType()).send("POST", path, bytes());
  }

  private void write(String text) {
    bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
