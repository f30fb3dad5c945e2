package dev.threadmill.models;

import dev.threadmill.api.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.io.input.CharSequenceInputStream;

/**
 * The content of a file that a message contains itself, instead of a reference to an uploaded file.
 *
 * @param filename as the client says; never null
 * @param mediaType null if the client does not say
 * @param base64 the content, valid base64 without line breaks
 * @param text what a model that refuses the file gets instead; null if there is nothing
 */
public record FileData(String filename, String mediaType, String base64, Text text) {
  /** The media type of PDF documents. */
  public static final String PDF = "application/pdf";

  private static final String SCHEME = "data:";
  private static final String ENCODING = ";base64";
  private static final int MAX_HEADER = 512;

  /** A multiple of four: what is cut off here can be decoded. */
  private static final int START = 2_048;

  private static final int SNIFFED = 16;
  private static final Pattern BREAKS = Pattern.compile("[\\r\\n]+");

  /** The text of a file, which is extracted when it is needed. */
  @FunctionalInterface
  public interface Text {
    /** The text with the name of the file, or a note why there is none. */
    String get() throws InterruptedException;
  }

  /** Without a text. */
  public FileData(String filename, String mediaType, String base64) {
    this(filename, mediaType, base64, null);
  }

  /** With what a model gets instead that refuses the file. */
  public FileData withText(Text instead) {
    return new FileData(filename, mediaType, base64, instead);
  }

  /**
   * Reads what clients send as {@code file_data}.
   *
   * @param param the field, for errors
   * @param filename null or empty if the client does not say
   * @param data a {@code data:} URL in base64, or the base64 alone
   * @throws ApiException 400 if it is neither, or has no content
   */
  public static FileData parse(String param, String filename, String data) {
    String mediaType = null;
    var base64 = data;
    if (data.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      int comma = data.indexOf(',');
      var header = comma < 0 || comma > MAX_HEADER ? "" : data.substring(SCHEME.length(), comma);
      if (!header.toLowerCase(Locale.ROOT).endsWith(ENCODING)) {
        throw invalid(param);
      }
      mediaType = header.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
      base64 = data.substring(comma + 1);
    }
    if (base64.indexOf('\n') >= 0) {
      base64 = BREAKS.matcher(base64).replaceAll("");
    }
    var content =
        new FileData(
            named(filename, mediaType),
            mediaType == null || mediaType.isEmpty() ? null : mediaType,
            base64);
    if (base64.isEmpty() || !content.isValid()) {
      throw invalid(param);
    }
    return content;
  }

  /**
   * Reads an image that clients send as a {@code data:} URL.
   *
   * @throws ApiException 400 if it is not in base64, or no image that models read
   */
  public static FileData parseImage(String param, String url) {
    var data = parse(param, "image", url);
    var type = imageType(Base64.getDecoder().decode(data.start()));
    if (type == null) {
      throw ApiException.invalid(
          param,
          "invalid_image_format",
          "Invalid '%s': expected an image in the format PNG, JPEG, GIF or WebP.".formatted(param));
    }
    return new FileData("image." + type.substring(type.indexOf('/') + 1), type, data.base64());
  }

  /** The type of an image by its first bytes; null for formats that models do not read. */
  public static String imageType(byte[] content) {
    var start = new StringBuilder();
    for (int i = 0; i < Math.min(SNIFFED, content.length); i++) {
      start.append((char) (content[i] & 0xFF));
    }
    var first = start.toString();
    if (first.startsWith("\u0089PNG\r\n\u001a\n")) {
      return "image/png";
    }
    if (first.startsWith("\u00ff\u00d8\u00ff")) {
      return "image/jpeg";
    }
    if (first.startsWith("GIF87a") || first.startsWith("GIF89a")) {
      return "image/gif";
    }
    return first.startsWith("RIFF") && first.startsWith("WEBP", 8) ? "image/webp" : null;
  }

  private static String named(String filename, String mediaType) {
    if (filename != null && !filename.isBlank()) {
      return filename;
    }
    return PDF.equals(mediaType) ? "file.pdf" : "file";
  }

  private static ApiException invalid(String param) {
    return ApiException.invalid(
        param,
        "Invalid '%s': expected the content of a file in base64, or a data: URL of it in base64."
            .formatted(param));
  }

  /** Whether the base64 can be decoded. Decodes it piece by piece. */
  private boolean isValid() {
    try (var content = open()) {
      content.transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** The content, decoded while it is read; to be closed. */
  public InputStream open() {
    return Base64.getDecoder()
        .wrap(
            CharSequenceInputStream.builder()
                .setCharSequence(base64)
                .setCharset(StandardCharsets.ISO_8859_1)
                .get());
  }

  /** How many bytes the content has. */
  public long bytes() {
    int padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
    return base64.length() / 4 * 3L - padding;
  }

  private String start() {
    return base64.length() <= START ? base64 : base64.substring(0, START);
  }

  /** Whether the content begins as a PDF document does. */
  public boolean isPdf() {
    var bytes = new String(Base64.getDecoder().decode(start()), StandardCharsets.ISO_8859_1);
    return bytes.contains("%PDF-");
  }
}
