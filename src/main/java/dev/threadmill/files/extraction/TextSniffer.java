package dev.threadmill.files.extraction;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tells text from other content by its first bytes. */
public final class TextSniffer {
  /** Starts of formats that look like text but have a parser. */
  private static final List<String> PARSED = List.of("%PDF-", "{\\rtf", "%!PS");

  private TextSniffer() {}

  /** Whether a file that starts with these bytes may be plain text. */
  public static boolean isText(byte[] start) {
    if (isUtf16(start)) {
      return true;
    }
    int controls = 0;
    for (byte b : start) {
      if (b == 0) {
        return false;
      }
      if (b > 0 && b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' && b != 27) {
        controls++;
      }
    }
    var ascii = new String(start, 0, Math.min(start.length, 16), StandardCharsets.ISO_8859_1);
    return controls * 50 <= start.length && PARSED.stream().noneMatch(ascii::startsWith);
  }

  private static boolean isUtf16(byte[] start) {
    return start.length >= 2
        && ((start[0] & 0xff) == 0xff && (start[1] & 0xff) == 0xfe
            || (start[0] & 0xff) == 0xfe && (start[1] & 0xff) == 0xff);
  }
}
