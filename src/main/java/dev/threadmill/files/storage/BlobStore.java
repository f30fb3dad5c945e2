package dev.threadmill.files.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps blobs: bytes under a key, written once. All nodes see the same blobs. The database has the
 * list of all blobs, so the store has no method to list them.
 */
public interface BlobStore {
  /**
   * The folder where this node writes what is going to be a blob. On the file system of the blobs
   * if they are files.
   */
  Path incoming();

  /**
   * Makes a blob of a file in {@link #incoming}. When this returns the blob survives a loss of
   * power; before, either the whole blob is there or none of it.
   *
   * @param file has been forced to the disk; gone afterwards
   * @param progress called now and then during a long transfer
   */
  void store(String key, Path file, Runnable progress) throws IOException;

  /**
   * Reads a part of a blob.
   *
   * @param from the first byte
   * @param length how many bytes, at least one
   * @throws java.nio.file.NoSuchFileException if there is no such blob
   */
  InputStream open(String key, long from, long length) throws IOException;

  /**
   * Removes a blob, what {@link #incoming} has under its key, and what an interrupted transfer of
   * it has left. Does nothing if there is none.
   *
   * @param bytes of the blob, as far as it is known
   */
  void delete(String key, long bytes) throws IOException;

  /** The blob as a file that can be read in place; empty if blobs are not files. */
  Optional<Path> localPath(String key);
}
