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
 * The folders of the embedded PostgreSQL.
 *
 * <p>Usually they are under THREADMILL_HOME. If the server is root, PostgreSQL runs as another
 * user, which cannot enter a private folder such as {@code /root}. Then the database is under
 * {@code /var/lib/threadmill}, with a link {@code postgres} in the home, and the binaries are under
 * {@code /var/cache/threadmill}.
 *
 * @param folder the folder of this database: lock, password, log, data
 * @param cache files that can be recreated: binaries, pgvector
 * @param user the user that PostgreSQL runs as; empty for the user of the server
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
    // Other users may pass through a private home (as mktemp -d creates it), and not read it.
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
          "PostgreSQL runs as the user " + user.name() + ", which cannot enter " + really);
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
      throw new IOException(user.name() + " cannot enter " + SYSTEM_CACHE);
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
