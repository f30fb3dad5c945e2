package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.Block;
import dev.threadmill.files.extraction.BlockList;
import dev.threadmill.files.extraction.BlockSink;
import dev.threadmill.files.extraction.ExtractionException;
import dev.threadmill.files.extraction.Frames;
import java.io.DataOutputStream;
import java.io.IOException;

/** Writes blocks to the server as they are read, so that this process need not hold them. */
final class FrameSink implements BlockSink {
  private static final int MOST_WARNINGS = 50;

  private final DataOutputStream out;
  private final int maxCharacters;
  private final int maxPictures;
  private long characters;
  private int pictures;
  private int warnings;

  /** The server does not read any more. */
  static final class OutputFailure extends RuntimeException {
    OutputFailure(IOException cause) {
      super(cause);
    }

    IOException cause() {
      return (IOException) getCause();
    }
  }

  FrameSink(DataOutputStream out, int maxCharacters, int maxPictures) {
    this.out = out;
    this.maxCharacters = maxCharacters;
    this.maxPictures = maxPictures;
  }

  @Override
  public void accept(Block block) throws ExtractionException {
    characters += block.text().length();
    if (characters > maxCharacters) {
      throw BlockList.tooLong(maxCharacters);
    }
    try {
      Frames.writeBlock(out, block);
    } catch (IOException e) {
      throw new OutputFailure(e);
    }
  }

  @Override
  public int maxCharacters() {
    return maxCharacters;
  }

  @Override
  public void warn(String sentence) {
    if (warnings++ < MOST_WARNINGS) {
      try {
        out.writeByte(Frames.WARNING);
        Frames.writeText(out, sentence);
      } catch (IOException e) {
        throw new OutputFailure(e);
      }
    }
  }

  /** Whether another picture may be sent. */
  boolean wantsPicture() {
    return pictures < maxPictures;
  }

  /** Sends a picture, in whose place a PICTURE block follows. */
  void picture(int page, String mediaType, byte[] content) {
    pictures++;
    try {
      out.writeByte(Frames.PICTURE);
      out.writeInt(page);
      Frames.writeText(out, mediaType);
      Frames.writeBytes(out, content);
    } catch (IOException e) {
      throw new OutputFailure(e);
    }
  }
}
