package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The data directory of one database: initialised once, and configured at every start. */
record DataDirectory(PostgresLayout places, PostgresInstallation tree) {
  /** The superuser; the server itself connects as an ordinary role. */
  static final String SUPERUSER = "postgres";

  /**
   * Initialises the database if there is none. If the process is killed meanwhile, the next start
   * begins again.
   */
  void initialise() throws IOException {
    if (Files.isDirectory(places.data())) {
      if (!Files.isReadable(places.data())) {
        throw new AccessDeniedException(places.data().toString());
      }
      if (!Files.isRegularFile(version())) {
        throw new EmbeddedPostgresException(
            places.data()
                + " is not the data of a PostgreSQL; move it away, or set another THREADMILL_HOME");
      }
      String version = Files.readString(version()).strip();
      if (!version.equals(PostgresInstallation.MAJOR)) {
        throw new EmbeddedPostgresException(
            "the data in "
                + places.data()
                + " is of PostgreSQL "
                + version
                + ", this is PostgreSQL "
                + PostgresInstallation.MAJOR);
      }
      return;
    }
    Path half = places.folder().resolve("data.part");
    PostgresInstallation.delete(half);
    Files.createDirectory(half);
    PostgresInstallation.setMode(half, "rwx------");
    Path password = places.folder().resolve("password.part");
    writeSecret(password, password());
    if (places.user().isPresent()) {
      places.user().get().chown(half);
      places.user().get().chown(password);
    }
    try {
      // Sorting by code points is the same on every machine. Case folding and word search cover all
      // of Unicode where the machine has the locale C.UTF-8.
      var result = initdb(half, password, "C.UTF-8");
      if (!result.ok()) {
        result = initdb(half, password, "C");
      }
      if (!result.ok()) {
        throw new EmbeddedPostgresException("initdb failed: " + result.lastLine());
      }
      Files.move(half, places.data(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(password);
    }
  }

  private Command.Result initdb(Path data, Path password, String ctype) {
    return Command.run(
        Duration.ofMinutes(3),
        asUser(
            List.of(
                tree.program("initdb").toString(),
                "--pgdata=" + data,
                "--username=" + SUPERUSER,
                "--pwfile=" + password,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--lc-ctype=" + ctype,
                "--no-instructions")));
  }

  /** The password of both roles, which is generated if there is none. */
  String password() throws IOException {
    if (!Files.exists(places.password())) {
      byte[] random = new byte[24];
      new SecureRandom().nextBytes(random);
      String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
      Path half = places.folder().resolve("password.new");
      writeSecret(half, password);
      if (Files.isRegularFile(version())) {
        // The file is missing but the data is there: set the new password in the database.
        changePassword(password);
      }
      Files.move(half, places.password(), StandardCopyOption.ATOMIC_MOVE);
    }
    return Files.readString(places.password()).strip();
  }

  private void changePassword(String password) throws IOException {
    // exec, so that PostgreSQL is a direct child of this process; see PostmasterProcess.
    String script =
        """
        exec "$0" --single -D "$1" postgres <<END
        ALTER ROLE %s PASSWORD '%s'
        ALTER ROLE %s PASSWORD '%s'
        END
        """
            .formatted(SUPERUSER, password, PrepareDatabase.USER, password);
    var words =
        asUser(
            List.of(
                "/bin/sh",
                "-c",
                script,
                tree.program("postgres").toString(),
                places.data().toString()));
    var result = Command.run(Duration.ofMinutes(2), words);
    if (!result.ok()) {
      throw new EmbeddedPostgresException("cannot set a new password: " + result.lastLine());
    }
  }

  /** Writes the configuration files for this start. */
  void configure(int port, String timeZone) throws IOException {
    write("postgresql.conf", PostgresConf.POSTGRESQL_CONF);
    write("pg_hba.conf", PostgresConf.PG_HBA_CONF);
    write("threadmill.conf", PostgresConf.threadmillConf(port, timeZone));
  }

  private void write(String name, String text) throws IOException {
    Path half = places.data().resolve(name + ".part");
    writeSecret(half, text);
    if (places.user().isPresent()) {
      places.user().get().chown(half);
    }
    Files.move(half, places.data().resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void writeSecret(Path file, String text) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(file);
    PostgresInstallation.setMode(file, "rw-------");
    Files.writeString(file, text);
  }

  List<String> asUser(List<String> command) {
    List<String> words =
        new ArrayList<>(places.user().map(RunAsUser::commandPrefix).orElse(List.of()));
    words.addAll(command);
    return words;
  }

  private Path version() {
    return places.data().resolve("PG_VERSION");
  }
}
