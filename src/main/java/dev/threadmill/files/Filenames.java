package dev.threadmill.files;

import java.net.URLConnection;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names and types of files from clients and tools, made safe to store, show and use in a folder.
 */
final class Filenames {
  private static final int MAX_CODE_POINTS = 255;
  private static final int MAX_UTF8 = 255;
  private static final int MAX_EXTENSION = 16;
  private static final String UNNAMED = "file";
  private static final String BINARY = "application/octet-stream";
  private static final Pattern TYPE =
      Pattern.compile("[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,127}");

  /** Types that the JDK does not know, or differs about between platforms. */
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("csv", "text/csv"),
          Map.entry("md", "text/markdown"),
          Map.entry("json", "application/json"),
          Map.entry("jsonl", "application/jsonl"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("webp", "image/webp"),
          Map.entry(
              "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
          Map.entry("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
          Map.entry(
              "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
          Map.entry("odt", "application/vnd.oasis.opendocument.text"),
          Map.entry("ods", "application/vnd.oasis.opendocument.spreadsheet"),
          Map.entry("epub", "application/epub+zip"),
          Map.entry("eml", "message/rfc822"),
          Map.entry("rtf", "application/rtf"),
          Map.entry("py", "text/x-python"),
          Map.entry("java", "text/x-java"),
          Map.entry("ts", "text/x-typescript"),
          Map.entry("js", "text/javascript"));

  private Filenames() {}

  /**
   * A name without folders, control characters and marks that change the direction of text, of at
   * most 255 characters and bytes. Its extension is kept when it is shortened.
   */
  static String safe(String name) {
    if (name == null) {
      return UNNAMED;
    }
    var last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    var visible = new StringBuilder(Math.min(last.length(), 1024));
    Normalizer.normalize(last, Normalizer.Form.NFC)
        .codePoints()
        .filter(Filenames::isVisible)
        .forEach(visible::appendCodePoint);
    var clean = visible.toString().strip();
    return clean.isEmpty() || clean.chars().allMatch(c -> c == '.') ? UNNAMED : shortened(clean);
  }

  private static boolean isVisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private static String shortened(String name) {
    if (fits(name, 0)) {
      return name;
    }
    int dot = name.lastIndexOf('.');
    var extension = dot > 0 && name.length() - dot <= MAX_EXTENSION ? name.substring(dot) : "";
    var stem = name.substring(0, name.length() - extension.length());
    while (!fits(stem, utf8Length(extension))) {
      stem = stem.substring(0, stem.offsetByCodePoints(stem.length(), -1));
    }
    return stem.strip() + extension;
  }

  private static boolean fits(String name, int reserved) {
    return name.codePointCount(0, name.length()) + reserved <= MAX_CODE_POINTS
        && utf8Length(name) + reserved <= MAX_UTF8;
  }

  private static int utf8Length(String text) {
    return text.codePoints().map(c -> c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4).sum();
  }

  /** The type that the client says, without parameters, or else the one of the name. */
  static String contentType(String said, String filename) {
    var type = said == null ? "" : said.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return TYPE.matcher(type).matches() && !type.equals(BINARY) && !type.startsWith("multipart/")
        ? type
        : ofName(filename).orElse(BINARY);
  }

  private static Optional<String> ofName(String filename) {
    int dot = filename.lastIndexOf('.');
    var extension = filename.substring(dot + 1).toLowerCase(Locale.ROOT);
    return Optional.ofNullable(TYPES.get(extension))
        .or(() -> Optional.ofNullable(URLConnection.guessContentTypeFromName("a." + extension)));
  }
}
