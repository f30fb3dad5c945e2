package dev.threadmill.files;

import java.nio.file.Path;

/**
 * The content of a file as a local file that may be read, until this is closed. It must not be
 * changed: it may be the stored one itself.
 */
public interface LocalFile extends AutoCloseable {
  /** Where it is. Its name is not that of the file. */
  Path path();

  @Override
  void close();
}
