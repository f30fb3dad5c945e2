package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The pgvector that a package manager has installed for its PostgreSQL of the same major version. A
 * copy of it works with the embedded PostgreSQL, which helps where pgvector cannot be compiled.
 */
final class SystemPgvector {
  private static final Pattern VERSION = Pattern.compile("default_version\\s*=\\s*'([^']+)'");

  /**
   * Folders of libraries and extension scripts of Debian and derivatives, Red Hat and derivatives,
   * and Homebrew.
   */
  private static final List<List<String>> FOLDERS =
      List.of(
          List.of("usr/lib/postgresql/%s/lib", "usr/share/postgresql/%s/extension"),
          List.of("usr/pgsql-%s/lib", "usr/pgsql-%s/share/extension"),
          List.of("opt/homebrew/lib/postgresql@%s", "opt/homebrew/share/postgresql@%s/extension"));

  private SystemPgvector() {}

  /** Copies it into the cache if this root has one. The caller holds the lock of the cache. */
  static Optional<VectorExtension.Pgvector> copied(Path root, Path cache, Platform platform)
      throws IOException {
    String name = "vector" + platform.librarySuffix();
    for (List<String> folders : FOLDERS) {
      Path library =
          root.resolve(folders.get(0).formatted(PostgresInstallation.MAJOR)).resolve(name);
      Path scripts = root.resolve(folders.get(1).formatted(PostgresInstallation.MAJOR));
      Path control = scripts.resolve("vector.control");
      if (Files.isReadable(library) && Files.isReadable(control)) {
        String text = Files.readString(control);
        Matcher version = VERSION.matcher(text);
        if (version.find()) {
          return Optional.of(copy(library, scripts, text, version.group(1), cache, platform));
        }
      }
    }
    return Optional.empty();
  }

  private static VectorExtension.Pgvector copy(
      Path library, Path scripts, String control, String version, Path cache, Platform platform)
      throws IOException {
    Path half = cache.resolve("pgvector.copy.part");
    PostgresInstallation.delete(half);
    Files.createDirectories(half);
    Files.copy(library, half.resolve(library.getFileName()));
    try (var files = Files.newDirectoryStream(scripts, "vector--*.sql")) {
      for (Path file : files) {
        Files.copy(file, half.resolve(file.getFileName()));
      }
    }
    Files.writeString(half.resolve("vector.control"), PgvectorBuild.trusted(control));
    Path done = PgvectorBuild.folder(cache, version, platform);
    Files.move(half, done, StandardCopyOption.ATOMIC_MOVE);
    return new VectorExtension.Pgvector(done, version);
  }
}
