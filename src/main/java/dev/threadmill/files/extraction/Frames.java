package dev.threadmill.files.extraction;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What the server and the process that reads documents write to each other's streams. */
public final class Frames {
  /** A block. */
  public static final byte BLOCK = 'B';

  /** A warning. */
  public static final byte WARNING = 'W';

  /** A picture that a model may read: page (0 for none), media type, bytes. */
  public static final byte PICTURE = 'P';

  /** The end of a file that was read: its media type. */
  public static final byte END = 'T';

  /** The end of a file that could not be read: code and message. */
  public static final byte FAILURE = 'E';

  private static final int LONGEST = 64 << 20;

  private Frames() {}

  /**
   * A request to read a file.
   *
   * @param path the file
   * @param filename its name, as its owner gave it; may be empty
   * @param contentType its media type, as its owner gave it; may be empty
   * @param maxCharacters the most characters of its text
   * @param maxPictures the most pictures to send
   * @param millis the time after which the process ends itself
   */
  public record Request(
      String path,
      String filename,
      String contentType,
      int maxCharacters,
      int maxPictures,
      long millis) {
    /** The same for a file at another place. */
    Request withPath(String other) {
      return new Request(other, filename, contentType, maxCharacters, maxPictures, millis);
    }

    /** Writes the request. */
    public void write(DataOutputStream out) throws IOException {
      writeText(out, path);
      writeText(out, filename);
      writeText(out, contentType);
      out.writeInt(maxCharacters);
      out.writeInt(maxPictures);
      out.writeLong(millis);
      out.flush();
    }

    /** The next request; null at the end of the stream. */
    public static Request read(DataInputStream in) throws IOException {
      try {
        return new Request(
            readText(in), readText(in), readText(in), in.readInt(), in.readInt(), in.readLong());
      } catch (EOFException _) {
        return null;
      }
    }
  }

  /** Writes a block with its type. */
  public static void writeBlock(DataOutputStream out, Block block) throws IOException {
    out.writeByte(BLOCK);
    out.writeByte(block.kind().ordinal());
    out.writeInt(block.page() == null ? 0 : block.page());
    writeText(out, block.heading() == null ? "" : block.heading());
    writeText(out, block.text());
  }

  /** Reads a block after its type. */
  public static Block readBlock(DataInputStream in) throws IOException {
    int kind = in.readByte();
    if (kind < 0 || kind >= Block.Kind.values().length) {
      throw new IOException("unknown kind of block: " + kind);
    }
    int page = in.readInt();
    var heading = readText(in);
    return new Block(
        readText(in),
        page <= 0 ? null : page,
        heading.isEmpty() ? null : heading,
        Block.Kind.values()[kind]);
  }

  /** Writes a text with its length. */
  public static void writeText(DataOutputStream out, String text) throws IOException {
    writeBytes(out, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Reads a text with its length. */
  public static String readText(DataInputStream in) throws IOException {
    return new String(readBytes(in), StandardCharsets.UTF_8);
  }

  /** Writes bytes with their length. */
  public static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** Reads bytes with their length. The buffer grows with what arrives. */
  public static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > LONGEST) {
      throw new IOException("a frame of %,d bytes".formatted(length));
    }
    var bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException();
    }
    return bytes;
  }
}
