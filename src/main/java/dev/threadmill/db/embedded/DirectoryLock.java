package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * An advisory lock on a folder, held by one process. The kernel gives it up when the process dies,
 * however it dies.
 *
 * <p>Closing any channel on the file would give up the lock of the whole process, so that a second
 * try in the same process must not even open it: hence the set.
 */
final class DirectoryLock implements AutoCloseable {
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;
  private final FileLock lock;

  private DirectoryLock(Path file, FileChannel channel, FileLock lock) {
    this.file = file;
    this.channel = channel;
    this.lock = lock;
  }

  /** Takes the lock, or gives back empty when somebody else holds it. */
  static Optional<DirectoryLock> tryAcquire(Path file) throws IOException {
    Path key = file.toAbsolutePath().normalize();
    if (!HELD_HERE.add(key)) {
      return Optional.empty();
    }
    FileChannel channel = null;
    FileLock lock = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      lock = channel.tryLock();
      if (lock == null) {
        return Optional.empty();
      }
      return Optional.of(new DirectoryLock(key, channel, lock));
    } finally {
      if (lock == null) {
        if (channel != null) {
          channel.close();
        }
        HELD_HERE.remove(key);
      }
    }
  }

  /** Takes the lock, waiting for whoever holds it. */
  static DirectoryLock acquire(Path file, Duration limit, Consumer<String> progress)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    for (boolean told = false; ; told = true) {
      var lock = tryAcquire(file);
      if (lock.isPresent()) {
        return lock.get();
      }
      if (System.nanoTime() > end) {
        throw new EmbeddedPostgresException(
            "gave up waiting for another process ("
                + holder(file)
                + ") that is preparing "
                + file.getParent());
      }
      if (!told) {
        progress.accept(
            "Waiting for another process (" + holder(file) + ") that is preparing PostgreSQL");
      }
      Thread.sleep(100);
    }
  }

  /**
   * Writes down who holds the lock, for the one who finds it taken. Into another file: to read the
   * locked one would be to close it.
   */
  void recordHolder(String holder) throws IOException {
    Files.writeString(signature(file), holder);
  }

  /** Who holds a lock, as far as it has been written down. */
  static String holder(Path file) {
    try {
      String holder = Files.readString(signature(file)).strip();
      return holder.isEmpty() ? "of an unknown pid" : holder;
    } catch (IOException e) {
      return "of an unknown pid";
    }
  }

  private static Path signature(Path file) {
    return file.resolveSibling(file.getFileName() + ".holder");
  }

  @Override
  public void close() {
    try (channel) {
      lock.release();
    } catch (IOException e) {
      // The channel is closed all the same, and with it the lock is gone.
    } finally {
      HELD_HERE.remove(file);
    }
  }
}
