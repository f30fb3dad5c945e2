package dev.threadmill.files.extraction;

import java.util.Optional;

/** Reads the text and describes the content of pictures, such as scanned pages. */
public interface PictureReader {
  /** The most pictures of one file that are read; 0 if none are. */
  int maxPictures();

  /**
   * What a picture says and shows.
   *
   * @param picture the bytes of the picture
   * @param mediaType such as {@code image/png}
   * @return the text; empty if the picture could not be read
   */
  Optional<String> read(byte[] picture, String mediaType) throws InterruptedException;
}
