package dev.threadmill.files.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.apache.commons.io.input.BoundedInputStream;

/** Blobs as files of a folder, which nodes on several machines share. */
final class FolderBlobStore implements BlobStore {
  private static final int SHARD_LENGTH = 2;

  private final Path folder;

  /**
   * @param folder is created if it is missing
   */
  FolderBlobStore(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(incoming());
  }

  @Override
  public Path incoming() {
    return folder.resolve("incoming");
  }

  @Override
  public void store(String key, Path file, Runnable progress) throws IOException {
    var target = path(key);
    var shard = target.getParent();
    if (!Files.isDirectory(shard)) {
      Files.createDirectories(shard);
      force(folder);
    }
    Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    force(shard);
  }

  /** The entries of a folder survive a loss of power only after this. */
  private static void force(Path folder) throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public InputStream open(String key, long from, long length) throws IOException {
    return range(path(key), from, length);
  }

  /** A part of a file. */
  static InputStream range(Path file, long from, long length) throws IOException {
    var channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      var stream = Channels.newInputStream(channel.position(from));
      return BoundedInputStream.builder().setInputStream(stream).setMaxCount(length).get();
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void delete(String key, long bytes) throws IOException {
    Files.deleteIfExists(incoming().resolve(key));
    Files.deleteIfExists(path(key));
  }

  @Override
  public Optional<Path> localPath(String key) {
    return Optional.of(path(key));
  }

  /** The end of a key is random, so the folders fill evenly. */
  private Path path(String key) {
    return folder.resolve(key.substring(key.length() - SHARD_LENGTH)).resolve(key);
  }
}
