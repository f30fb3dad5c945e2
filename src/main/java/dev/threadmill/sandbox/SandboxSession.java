package dev.threadmill.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.Consumer;

/**
 * A session: one Python process whose variables stay from call to call, and its files. Calls are
 * executed one after the other. Between calls all processes of the session are stopped, so its
 * files do not change.
 */
public interface SandboxSession extends AutoCloseable {
  /** The id of the session, unique across all nodes. */
  String id();

  /** Whether it can be used. */
  boolean isAlive();

  /**
   * Runs code until it ends or exceeds its time. If the process ends, as it does when the code
   * exceeds its memory or does not react to an interrupt, a new one is started for the next call,
   * with the same files.
   *
   * @param output receives what the code prints, while it runs
   * @throws SandboxException if too many calls wait, or the process does not start
   * @throws InterruptedException if the caller is interrupted; the code is as well
   */
  CodeResult run(String code, OutputListener output) throws SandboxException, InterruptedException;

  /** The regular files in {@code /mnt/data}, those in folders included. */
  List<SandboxFile> files() throws SandboxException;

  /**
   * The content of a file of {@link #files}, to be closed.
   *
   * @throws IOException if it cannot be read
   */
  InputStream open(SandboxFile file) throws IOException;

  /**
   * Writes a file to {@code /mnt/data}, replacing one of the same name.
   *
   * @param name a file name, without folders
   * @param maxBytes of the content
   * @return the file as {@link #files} lists it
   * @throws SandboxException if there is no space for it
   * @throws java.nio.file.FileAlreadyExistsException if a folder has its name, or something else
   *     that of one of its folders
   * @throws IOException if it cannot be read or written
   */
  SandboxFile write(String path, InputStream content, long maxBytes)
      throws IOException, SandboxException;

  /** Removes a file from {@code /mnt/data}, if it is there. */
  void delete(String path) throws IOException;

  /**
   * Passes the pictures that the last call has shown on, one at a time, as PNG, in their order, and
   * removes them: at most 20, each of at most 4 MiB, together 20 MiB.
   *
   * @return how many were left out because they are too many or too large
   */
  int takeFigures(Consumer<byte[]> receiver);

  /** Ends all processes and deletes all files. */
  @Override
  void close();

  /** Receives output. */
  @FunctionalInterface
  interface OutputListener {
    /** More output. No surrogate pair is split. */
    void onOutput(String more);
  }

  /**
   * A file in {@code /mnt/data}.
   *
   * @param path relative to {@code /mnt/data}
   * @param version changes whenever the content does; comparable within one session
   */
  record SandboxFile(String path, long bytes, String version) {}
}
