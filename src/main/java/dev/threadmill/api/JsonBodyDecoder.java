package dev.threadmill.api;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Decodes the bytes of a body. Bytes that are not UTF-8 and text that is not {@link StorableText
 * storable} are a 400, so all accepted text can be stored and is returned unchanged.
 */
final class JsonBodyDecoder {
  private static final char BYTE_ORDER_MARK = '\uFEFF';
  private static final int ESCAPE_LENGTH = 6;
  private static final int NO_ESCAPE = -1;
  private static final int CHUNK = 8192;

  private JsonBodyDecoder() {}

  /** The text of a body. */
  static String of(byte[] body) {
    var text = decoded(body);
    for (int at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
      int code = escaped(text, at);
      if (code == NO_ESCAPE) {
        at += 2;
      } else if (code == 0) {
        throw nul();
      } else if (Character.isHighSurrogate((char) code)
          && Character.isLowSurrogate((char) escaped(text, at + ESCAPE_LENGTH))) {
        at += 2 * ESCAPE_LENGTH;
      } else if (Character.isSurrogate((char) code)) {
        throw invalid("The body contains half of a surrogate pair, which is not a character.");
      } else {
        at += ESCAPE_LENGTH;
      }
    }
    return text;
  }

  private static String decoded(byte[] body) {
    validate(body);
    var text = new String(body, StandardCharsets.UTF_8);
    if (text.indexOf('\0') >= 0) {
      throw nul();
    }
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  /** Decodes into a small buffer, so that a large body is not held as characters as well. */
  private static void validate(byte[] body) {
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var bytes = ByteBuffer.wrap(body);
    var chars = CharBuffer.allocate(CHUNK);
    CoderResult result;
    do {
      result = decoder.decode(bytes, chars.clear(), true);
    } while (result.isOverflow());
    if (result.isError()) {
      throw invalid("We could not read the body as UTF-8 JSON.");
    }
  }

  /** The character of the escape sequence at this index: backslash, u and four digits. */
  private static int escaped(String text, int at) {
    if (at + ESCAPE_LENGTH > text.length()
        || text.charAt(at) != '\\'
        || text.charAt(at + 1) != 'u') {
      return NO_ESCAPE;
    }
    int code = 0;
    for (int i = at + 2; i < at + ESCAPE_LENGTH; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      if (digit < 0) {
        return NO_ESCAPE;
      }
      code = code * 16 + digit;
    }
    return code;
  }

  private static ApiException nul() {
    return invalid("The body contains the character U+0000, which is not allowed.");
  }

  private static ApiException invalid(String message) {
    return ApiException.invalid(null, "invalid_json", message);
  }
}
