package dev.threadmill.privacy.detect;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A text without its encodings, and where in the original each character comes from: escapes of
 * JSON, percent-encoding, HTML entities, full-width and other forms of letters and digits, and
 * characters that have no width.
 */
final class DecodedText {
  /** An encoding may itself be encoded, as in {@code %2540}. */
  private static final int MAX_DEPTH = 3;

  /** What the first pass looks for; most texts have none of it. */
  private static final Pattern ENCODED =
      Pattern.compile(
          "\\\\+(?:u\\p{XDigit}{4}|x\\p{XDigit}{2}|[/\"])|%\\p{XDigit}{2}|&[#A-Za-z]"
              + "|[\\u00ad\\u034f\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff"
              + "\\u00a0\\u2000-\\u200a\\u202f\\u205f\\u3000\\u2010-\\u2015\\u2212\\uff01-\\uff5e\\ufe50-\\ufe6b"
              + "\\x{e0000}-\\x{e007f}\\x{1d400}-\\x{1d7ff}]|[\\p{Nd}\\p{No}&&[^0-9]]");

  private static final Map<String, String> ENTITIES =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", " "),
          Map.entry("commat", "@"),
          Map.entry("period", "."),
          Map.entry("lowbar", "_"),
          Map.entry("hyphen", "-"),
          Map.entry("dash", "-"),
          Map.entry("minus", "-"),
          Map.entry("plus", "+"),
          Map.entry("colon", ":"),
          Map.entry("sol", "/"),
          Map.entry("num", "#"),
          Map.entry("lpar", "("),
          Map.entry("rpar", ")"),
          Map.entry("shy", ""),
          Map.entry("zwnj", ""),
          Map.entry("zwj", ""));

  private static final int MAX_ENTITY = 10;

  private final StringBuilder text;
  private int[] starts;
  private int[] ends;

  private DecodedText(int length) {
    this.text = new StringBuilder(length);
    this.starts = new int[length];
    this.ends = new int[length];
  }

  /** The text without encodings; null if it has none. */
  static DecodedText of(String original) {
    DecodedText decoded = null;
    var current = original;
    for (int depth = 0; depth < MAX_DEPTH && ENCODED.matcher(current).find(); depth++) {
      var next = decode(current);
      if (decoded != null) {
        next.composeWith(decoded);
      }
      if (next.text.toString().equals(current)) {
        break;
      }
      decoded = next;
      current = next.text.toString();
    }
    return decoded;
  }

  /** A value without its encodings. */
  static String plain(String value) {
    var decoded = of(value);
    return decoded == null ? value : decoded.text();
  }

  String text() {
    return text.toString();
  }

  /** A finding in this text as one in the original. */
  Finding inOriginal(Finding finding) {
    return new Finding(finding.kind(), starts[finding.start()], ends[finding.end() - 1]);
  }

  private void composeWith(DecodedText before) {
    for (int i = 0; i < text.length(); i++) {
      starts[i] = before.starts[starts[i]];
      ends[i] = before.ends[ends[i] - 1];
    }
  }

  private static DecodedText decode(String original) {
    var decoded = new DecodedText(original.length());
    int at = 0;
    while (at < original.length()) {
      int end =
          switch (original.charAt(at)) {
            case '\\' -> decoded.escape(original, at);
            case '%' -> decoded.percent(original, at);
            case '&' -> decoded.entity(original, at);
            default -> -1;
          };
      if (end < 0) {
        int codePoint = original.codePointAt(at);
        end = at + Character.charCount(codePoint);
        decoded.add(folded(codePoint), at, end);
      }
      at = end;
    }
    return decoded;
  }

  private void add(String decoded, int start, int end) {
    for (int i = 0; i < decoded.length(); i++) {
      if (text.length() == starts.length) {
        starts = Arrays.copyOf(starts, 2 * starts.length + 16);
        ends = Arrays.copyOf(ends, starts.length);
      }
      starts[text.length()] = start;
      ends[text.length()] = end;
      text.append(decoded.charAt(i));
    }
  }

  /** Decodes {@code \u0040}, {@code \x40} and {@code \/}; returns its end, or -1. */
  private int escape(String original, int at) {
    int letter = at;
    while (letter < original.length() && original.charAt(letter) == '\\') {
      letter++;
    }
    if (letter == original.length()) {
      return -1;
    }
    char kind = original.charAt(letter);
    if (kind == '/' || kind == '"') {
      add(String.valueOf(kind), at, letter + 1);
      return letter + 1;
    }
    int digits = kind == 'u' ? 4 : kind == 'x' ? 2 : 0;
    int end = letter + 1 + digits;
    if (digits == 0 || end > original.length() || !isHex(original, letter + 1, end)) {
      return -1;
    }
    add(String.valueOf((char) Integer.parseInt(original, letter + 1, end, 16)), at, end);
    return end;
  }

  /** Decodes one character of UTF-8 in percent-encoding; returns its end, or -1. */
  private int percent(String original, int at) {
    int first = octet(original, at);
    int octets =
        first < 0
            ? 0
            : first < 0x80
                ? 1
                : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (octets == 0) {
      return -1;
    }
    var bytes = new byte[octets];
    for (int i = 0; i < octets; i++) {
      int octet = octet(original, at + 3 * i);
      if (octet < 0) {
        return -1;
      }
      bytes[i] = (byte) octet;
    }
    try {
      var character = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      add(character, at, at + 3 * octets);
      return at + 3 * octets;
    } catch (CharacterCodingException e) {
      return -1;
    }
  }

  private static int octet(String original, int at) {
    return at + 3 <= original.length()
            && original.charAt(at) == '%'
            && isHex(original, at + 1, at + 3)
        ? Integer.parseInt(original, at + 1, at + 3, 16)
        : -1;
  }

  /** Decodes {@code &#64;}, {@code &#x40;} and {@code &commat;}; returns its end, or -1. */
  private int entity(String original, int at) {
    int semicolon = original.indexOf(';', at);
    if (semicolon < 0 || semicolon - at > MAX_ENTITY) {
      return -1;
    }
    var name = original.substring(at + 1, semicolon);
    var decoded = name.startsWith("#") ? numbered(name.substring(1)) : ENTITIES.get(name);
    if (decoded == null) {
      return -1;
    }
    add(decoded, at, semicolon + 1);
    return semicolon + 1;
  }

  private static String numbered(String number) {
    boolean isHex = number.startsWith("x") || number.startsWith("X");
    var digits = isHex ? number.substring(1) : number;
    if (digits.isEmpty() || !digits.matches(isHex ? "\\p{XDigit}{1,6}" : "[0-9]{1,7}")) {
      return null;
    }
    int codePoint = Integer.parseInt(digits, isHex ? 16 : 10);
    return Character.isValidCodePoint(codePoint) ? Character.toString(codePoint) : null;
  }

  private static boolean isHex(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (Character.digit(text.charAt(i), 16) < 0 || text.charAt(i) > 'f') {
        return false;
      }
    }
    return true;
  }

  /** The plain form of a character; empty for one that is not seen. */
  private static String folded(int codePoint) {
    if (codePoint < 0x80) {
      return Character.toString(codePoint);
    }
    if (isInvisible(codePoint)) {
      return "";
    }
    if (Character.getType(codePoint) == Character.SPACE_SEPARATOR) {
      return " ";
    }
    if (codePoint >= 0x2010 && codePoint <= 0x2015 || codePoint == 0x2212) {
      return "-";
    }
    int type = Character.getType(codePoint);
    if (type == Character.DECIMAL_DIGIT_NUMBER || type == Character.OTHER_NUMBER) {
      int value = Character.getNumericValue(codePoint);
      return value >= 0 && value <= 9 ? Integer.toString(value) : Character.toString(codePoint);
    }
    boolean isForm =
        codePoint >= 0xff01 && codePoint <= 0xff5e
            || codePoint >= 0xfe50 && codePoint <= 0xfe6b
            || codePoint >= 0x1d400 && codePoint <= 0x1d7ff;
    return isForm
        ? Normalizer.normalize(Character.toString(codePoint), Normalizer.Form.NFKC)
        : Character.toString(codePoint);
  }

  private static boolean isInvisible(int codePoint) {
    return Character.getType(codePoint) == Character.FORMAT
        || codePoint == 0x034f
        || codePoint == 0x180e
        || codePoint >= 0xe0000 && codePoint <= 0xe007f;
  }
}
