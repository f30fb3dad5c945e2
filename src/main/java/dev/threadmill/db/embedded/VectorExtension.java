package dev.threadmill.db.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files that {@code CREATE EXTENSION vector} finds in an installation: pgvector, or a fallback
 * in SQL.
 */
sealed interface VectorExtension {

  /** The version of the fallback, which no pgvector has. */
  String FALLBACK_VERSION = "0.0.1";

  /** The name of this kind, as part of the name of an installation. */
  String label();

  void installInto(PostgresInstallation tree) throws IOException;

  /**
   * Compiled pgvector.
   *
   * @param folder holds the library, the control file and the scripts
   */
  record Pgvector(Path folder, String version) implements VectorExtension {
    @Override
    public String label() {
      return "pgvector-" + version;
    }

    @Override
    public void installInto(PostgresInstallation tree) throws IOException {
      try (var files = Files.list(folder)) {
        for (Path file : (Iterable<Path>) files::iterator) {
          String name = file.getFileName().toString();
          boolean script = name.endsWith(".sql") || name.endsWith(".control");
          Path target = (script ? tree.extensions() : tree.libraries()).resolve(name);
          Files.copy(file, target);
          PostgresInstallation.setMode(target, script ? "rw-r--r--" : "rwxr-xr-x");
        }
      }
    }
  }

  /** The fallback in SQL: exact, slow, without an index. */
  record SqlFallback() implements VectorExtension {
    @Override
    public String label() {
      return "stand-in";
    }

    @Override
    public void installInto(PostgresInstallation tree) throws IOException {
      write(
          tree.extensions().resolve("vector.control"),
          """
          comment = 'a stand-in for pgvector: exact, slow, without an index'
          default_version = '%s'
          relocatable = true
          trusted = true
          """
              .formatted(FALLBACK_VERSION));
      try (InputStream sql = VectorExtension.class.getResourceAsStream("/db/vector-stand-in.sql")) {
        write(
            tree.extensions().resolve("vector--" + FALLBACK_VERSION + ".sql"),
            new String(sql.readAllBytes(), StandardCharsets.UTF_8));
      }
    }

    private static void write(Path file, String text) throws IOException {
      Files.writeString(file, text);
      PostgresInstallation.setMode(file, "rw-r--r--");
    }
  }
}
