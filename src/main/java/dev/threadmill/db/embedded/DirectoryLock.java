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
 * An advisory lock on a folder, held by one process. The kernel releases it when the process ends.
 *
 * <p>Closing any channel on the file releases the lock of the whole process, so a second attempt
 * within the process must not open the file. The set of held paths prevents that.
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

  /** Acquires the lock; empty if another process holds it. */
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

  /** Acquires the lock, and waits while another process holds it. */
  static DirectoryLock acquire(Path file, Duration limit, Consumer<String> progress)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    for (boolean isLogged = false; ; isLogged = true) {
      var lock = tryAcquire(file);
      if (lock.isPresent()) {
        return lock.get();
      }
      if (System.nanoTime() > end) {
        throw new EmbeddedPostgresException(
            "timed out waiting for another process ("
                + holder(file)
                + ") that is preparing "
                + file.getParent());
      }
      if (!isLogged) {
        progress.accept(
            "Waiting for another process (" + holder(file) + ") that is preparing PostgreSQL");
      }
      Thread.sleep(100);
    }
  }

  /**
   * Records the holder for error messages of other processes, in a second file: reading the locked
   * file and closing it would release the lock.
   */
  void recordHolder(String holder) throws IOException {
    Files.writeString(signature(file), holder);
  }

  /** The recorded holder of a lock. */
  static String holder(Path file) {
    try {
      String holder = Files.readString(signature(file)).strip();
      return holder.isEmpty() ? "of unknown pid" : holder;
    } catch (IOException e) {
      return "of unknown pid";
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
      // Closing the channel releases the lock as well.
    } finally {
      HELD_HERE.remove(file);
    }
  }
}
