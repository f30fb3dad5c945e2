package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** The folder of this node's sessions. A lock says that the node is alive. */
final class NodeFolder implements AutoCloseable {
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private NodeFolder(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /** Creates the folder, and deletes those of nodes that were killed. */
  static NodeFolder create(Path parent) throws IOException {
    Files.createDirectories(parent);
    try (var others = Files.list(parent)) {
      for (var other : others.toList()) {
        if (isAbandoned(other)) {
          SessionFolder.delete(other);
        }
      }
    }
    var name = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    var path = Files.createDirectory(parent.resolve(name));
    var channel = open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    return new NodeFolder(path, channel, channel.lock());
  }

  private static boolean isAbandoned(Path folder) {
    try (var channel = open(folder, StandardOpenOption.WRITE);
        var lock = channel.tryLock()) {
      return lock != null;
    } catch (IOException | OverlappingFileLockException e) {
      return false;
    }
  }

  private static FileChannel open(Path folder, StandardOpenOption... options) throws IOException {
    return FileChannel.open(folder.resolve(LOCK), java.util.Set.copyOf(List.of(options)));
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      // It is deleted next.
    }
    SessionFolder.delete(path);
  }
}
