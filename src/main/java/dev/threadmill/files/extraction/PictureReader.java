package dev.threadmill.files.extraction;

import dev.threadmill.api.ProjectId;
import java.util.Optional;

/** Reads the text and describes the content of pictures, such as scanned pages. */
public interface PictureReader {
  /** The most pictures of one file that are read; 0 if none are. */
  int maxPictures();

  /**
   * What a picture says and shows.
   *
   * @param project which is charged for it
   * @param picture the bytes of the picture
   * @param mediaType such as {@code image/png}
   * @return the text; empty if the picture could not be read
   * @throws ExtractionException if the limits of the project do not allow it at the moment
   */
  Optional<String> read(ProjectId project, byte[] picture, String mediaType)
      throws ExtractionException, InterruptedException;
}
