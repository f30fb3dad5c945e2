package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where the parts of the embedded PostgreSQL lie.
 *
 * <p>Usually all of it is under THREADMILL_HOME. As root PostgreSQL runs as another user, who
 * cannot step into a private folder such as {@code /root}. Then the database lies under {@code
 * /var/lib/threadmill}, where {@code postgres} in the home is a link to it, and the binaries under
 * {@code /var/cache/threadmill}.
 *
 * @param folder the folder of this database: lock, password, log, data
 * @param cache what can be made again: binaries, pgvector
 * @param user whom PostgreSQL runs as, empty when as ourselves
 */
record PostgresLayout(Path folder, Path cache, Optional<RunAsUser> user) {
  private static final Path SYSTEM_DATA = Path.of("/var/lib/threadmill");
  private static final Path SYSTEM_CACHE = Path.of("/var/cache/threadmill");

  static PostgresLayout prepare(Path home, Path cache) {
    try {
      Files.createDirectories(home);
      Path folder = home.resolve("postgres");
      Optional<RunAsUser> user = RunAsUser.neededFor(folder.resolve("data"));
      if (user.isPresent()) {
        prepareFolder(folder, user.get());
        cache = prepareCache(cache, user.get());
      } else {
        Files.createDirectories(folder);
        Files.createDirectories(cache);
      }
      return new PostgresLayout(folder.toRealPath(), cache.toRealPath(), user);
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          "THREADMILL_HOME=" + home + " cannot be used: " + reason(e), e);
    }
  }

  Path data() {
    return folder.resolve("data");
  }

  Path password() {
    return folder.resolve("password");
  }

  Path log() {
    return folder.resolve("postgres.log");
  }

  private static void prepareFolder(Path folder, RunAsUser user) throws IOException {
    Path home = folder.getParent();
    // A home that only we can enter (mktemp -d makes such) is opened for passing through, not for
    // reading.
    makeTraversable(home);
    if (!Files.exists(folder)) {
      if (user.canEnter(home)) {
        Files.createDirectory(folder);
      } else {
        Path elsewhere =
            SYSTEM_DATA.resolve(HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()));
        Files.createDirectories(elsewhere);
        makeTraversable(SYSTEM_DATA);
        Files.deleteIfExists(folder); // a link that leads nowhere
        Files.createSymbolicLink(folder, elsewhere);
      }
    }
    Path really = folder.toRealPath();
    makeTraversable(really);
    if (!user.canEnter(really)) {
      throw new IOException(
          "PostgreSQL runs as the user " + user.name() + ", who cannot step into " + really);
    }
  }

  private static Path prepareCache(Path cache, RunAsUser user) throws IOException {
    Files.createDirectories(cache);
    makeTraversable(cache);
    if (user.canEnter(cache)) {
      return cache;
    }
    Files.createDirectories(SYSTEM_CACHE);
    makeTraversable(SYSTEM_CACHE);
    if (!user.canEnter(SYSTEM_CACHE)) {
      throw new IOException(user.name() + " cannot step into " + SYSTEM_CACHE);
    }
    return SYSTEM_CACHE;
  }

  private static void makeTraversable(Path folder) throws IOException {
    Set<PosixFilePermission> now = Files.getPosixFilePermissions(folder);
    if (now.addAll(PosixFilePermissions.fromString("--x--x--x"))) {
      Files.setPosixFilePermissions(folder, now);
    }
  }

  static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
  }
}
