package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.BlockSink;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.ReadText;
import dev.threadmill.files.extraction.TextFormat;
import dev.threadmill.files.extraction.TextSniffer;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.tika.parser.txt.CharsetDetector;

/** Reads plain text whose charset is found from its bytes. */
final class ReadCharset {
  private static final int SAMPLE = 1 << 18;
  private static final int SURE = 15;

  private static final int ESCAPE = 27;

  /** Of so many bytes of text one may be no part of a character. */
  private static final int MOST_STRANGE = 100;

  private ReadCharset() {}

  static void read(Path path, String name, BlockSink sink) throws IOException, ExtractionException {
    var format = TextFormat.of(name, null);
    try (var in = new BufferedInputStream(Files.newInputStream(path), SAMPLE)) {
      in.mark(SAMPLE);
      var charset = charset(in.readNBytes(SAMPLE - 1));
      in.reset();
      try (var reader = new InputStreamReader(in, charset)) {
        // broken JSON is not read a second time here: the charset says little about JSON
        ReadText.read(reader, format == null || isJson(format) ? TextFormat.PLAIN : format, sink);
      }
    }
  }

  private static boolean isJson(TextFormat format) {
    return format == TextFormat.JSON || format == TextFormat.JSON_LINES;
  }

  /**
   * Whether content of no known format is text in some charset: compressed and other binary content
   * has control characters, or bytes that are no characters in the likeliest charset.
   */
  static boolean isText(byte[] sample) throws ExtractionException {
    if (utf16(sample) == null && !TextSniffer.isText(sample)) {
      return false;
    }
    long strange =
        new String(sample, charset(sample)).codePoints().filter(ReadCharset::isStrange).count();
    return strange * MOST_STRANGE <= sample.length;
  }

  private static boolean isStrange(int c) {
    return c == '\uFFFD'
        || !Character.isDefined(c)
        || Character.isISOControl(c) && !Character.isWhitespace(c);
  }

  static Charset charset(byte[] sample) throws ExtractionException {
    var utf16 = utf16(sample);
    if (utf16 != null) {
      return utf16;
    }
    if (isUtf8(sample)) {
      return StandardCharsets.UTF_8;
    }
    for (var match : new CharsetDetector(SAMPLE).setText(sample).detectAll()) {
      try {
        if (match.getConfidence() >= SURE
            && !match.getName().startsWith("UTF-16")
            && !match.getName().startsWith("UTF-32")
            && !match.getName().startsWith("IBM")) {
          return widened(Charset.forName(match.getName()), sample);
        }
      } catch (IllegalCharsetNameException | UnsupportedCharsetException _) {
        // the next best
      }
    }
    return Charset.forName("windows-1252");
  }

  /**
   * Text in another charset is hardly ever valid UTF-8, unless it has seven bits only and switches
   * to other characters by escapes. The sample may end within a character.
   */
  private static boolean isUtf8(byte[] sample) {
    for (byte b : sample) {
      if (b == ESCAPE) {
        return false;
      }
    }
    var decoder = StandardCharsets.UTF_8.newDecoder();
    var characters = CharBuffer.allocate(sample.length);
    return !decoder.decode(ByteBuffer.wrap(sample), characters, false).isError();
  }

  /**
   * Windows text is often taken for ISO text, whose codes from 0x80 to 0x9f are control characters.
   */
  private static Charset widened(Charset charset, byte[] sample) {
    if (charset.equals(StandardCharsets.ISO_8859_1)) {
      for (byte b : sample) {
        if ((b & 0xff) >= 0x80 && (b & 0xff) < 0xa0) {
          return Charset.forName("windows-1252");
        }
      }
    }
    return charset;
  }

  /** Text in UTF-16 without a mark has zeros in every other byte, as far as it is Latin. */
  private static Charset utf16(byte[] sample) {
    int even = 0;
    int odd = 0;
    for (int at = 0; at < sample.length; at++) {
      if (sample[at] == 0) {
        even += at % 2 == 0 ? 1 : 0;
        odd += at % 2;
      }
    }
    int half = sample.length / 2;
    if (half > 0 && odd > half / 3 && even < half / 20) {
      return StandardCharsets.UTF_16LE;
    }
    return half > 0 && even > half / 3 && odd < half / 20 ? StandardCharsets.UTF_16BE : null;
  }
}
