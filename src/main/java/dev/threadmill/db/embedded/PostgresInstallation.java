package dev.threadmill.db.embedded;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * The PostgreSQL binaries, unpacked from the class path, with one kind of {@code vector} installed.
 * A finished installation never changes, so servers that run from it are not disturbed.
 */
record PostgresInstallation(Path root) {
  /** The version in the archive, which the unpacked server must report. */
  static final String VERSION = "17.11";

  static final String MAJOR = "17";

  /** The installation with this kind of {@code vector}, if the cache has it. */
  static Optional<PostgresInstallation> find(
      Path cache, Platform platform, VectorExtension vector) {
    Path root = cache.resolve("postgresql-" + VERSION + "-" + platform + "-" + vector.label());
    return Files.isDirectory(root) ? Optional.of(new PostgresInstallation(root)) : Optional.empty();
  }

  /**
   * The installation with this kind of {@code vector}, unpacked if the cache has none. The caller
   * holds the lock of the cache, so unfinished folders are left over from a process that crashed.
   */
  static PostgresInstallation findOrUnpack(Path cache, Platform platform, VectorExtension vector)
      throws IOException {
    Path root = cache.resolve("postgresql-" + VERSION + "-" + platform + "-" + vector.label());
    if (!Files.isDirectory(root)) {
      Path half = cache.resolve(root.getFileName() + ".part");
      delete(half);
      unpack(platform, half);
      var tree = new PostgresInstallation(half);
      tree.checkVersion();
      vector.installInto(tree);
      // Sync before the rename: the final name means that the files are complete.
      Command.run(Duration.ofSeconds(60), List.of("sync", "-f", half.toString()));
      Files.move(half, root, StandardCopyOption.ATOMIC_MOVE);
    }
    return new PostgresInstallation(root);
  }

  Path program(String name) {
    return root.resolve("bin").resolve(name);
  }

  Path libraries() {
    return root.resolve("lib/postgresql");
  }

  Path extensions() {
    return root.resolve("share/postgresql/extension");
  }

  private void checkVersion() {
    var result =
        Command.run(Duration.ofSeconds(30), List.of(program("postgres").toString(), "--version"));
    if (!result.ok() || !result.output().contains(" " + VERSION)) {
      throw new EmbeddedPostgresException(
          "the embedded PostgreSQL does not run here (wanted "
              + VERSION
              + "): "
              + result.lastLine()
              + "; set THREADMILL_DATABASE_URL to use an external Postgres");
    }
  }

  private static void unpack(Platform platform, Path into) throws IOException {
    String archive = platform.archive();
    try (InputStream packed = PostgresInstallation.class.getResourceAsStream("/" + archive)) {
      if (packed == null) {
        throw new EmbeddedPostgresException(
            "there is no embedded PostgreSQL for "
                + platform
                + "; set THREADMILL_DATABASE_URL to use an external Postgres");
      }
      Files.createDirectories(into);
      try (var tar =
          new TarArchiveInputStream(
              new XZCompressorInputStream(new BufferedInputStream(packed, 1 << 16)))) {
        unpack(tar, into);
      }
    }
  }

  /** Unpacks a tar file and rejects entries outside of the folder. */
  static void unpack(TarArchiveInputStream tar, Path into) throws IOException {
    Files.createDirectories(into);
    open(into);
    for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
      Path path = inside(into, into.resolve(entry.getName()));
      if (entry.isDirectory()) {
        Files.createDirectories(path);
        open(path);
        continue;
      }
      if (!Files.isDirectory(path.getParent())) {
        Files.createDirectories(path.getParent());
        open(path.getParent());
      }
      if (entry.isSymbolicLink()) {
        inside(into, path.getParent().resolve(entry.getLinkName()));
        Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
      } else if (entry.isLink()) {
        Files.copy(inside(into, into.resolve(entry.getLinkName())), path);
      } else if (entry.isFile()) {
        Files.copy(tar, path);
        boolean program = (entry.getMode() & 0100) != 0;
        setMode(path, program ? "rwxr-xr-x" : "rw-r--r--");
      }
    }
  }

  private static Path inside(Path root, Path path) throws IOException {
    if (!path.normalize().startsWith(root)) {
      throw new IOException("the archive points outside of itself: " + path);
    }
    return path;
  }

  /** Other users may enter the folder, whatever the umask is. */
  private static void open(Path folder) throws IOException {
    setMode(folder, "rwxr-xr-x");
  }

  static void setMode(Path path, String mode) throws IOException {
    Set<PosixFilePermission> permissions = PosixFilePermissions.fromString(mode);
    Files.setPosixFilePermissions(path, permissions);
  }

  static void delete(Path path) throws IOException {
    if (Files.isSymbolicLink(path) || !Files.exists(path)) {
      Files.deleteIfExists(path);
      return;
    }
    try (var all = Files.walk(path)) {
      for (Path each : (Iterable<Path>) all.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(each);
      }
    }
  }
}
