package dev.threadmill.db.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.db.embedded.EmbeddedPostgres.Options;
import dev.threadmill.db.embedded.EmbeddedPostgres.Vector;
import dev.threadmill.testing.PostgresResource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EmbeddedPostgresTest {
  private Path home;
  private final List<Process> strangers = new ArrayList<>();

  @BeforeEach
  void makeHome() {
    home = PostgresResource.temporaryHome();
  }

  @AfterEach
  void deleteHome() {
    strangers.forEach(Process::destroyForcibly);
    PostgresResource.delete(home);
  }

  @Test
  void whatWasCommittedIsThereAfterAStop() throws Exception {
    try (var first = start()) {
      write(first, "before");
    }

    try (var second = start()) {
      assertThat(notes(second)).containsExactly("before");
    }
  }

  @Test
  void aKilledPostgresComesBackOnTheSamePortWithEveryCommit() throws Exception {
    try (var postgres = start()) {
      int port = postgres.port();
      write(postgres, "before");
      long killed = new PostmasterProcess(data()).pid().orElseThrow();

      ProcessHandle.of(killed).orElseThrow().destroyForcibly();

      await().until(() -> new PostmasterProcess(data()).pid().orElse(killed) != killed);
      await().ignoreExceptions().until(() -> notes(postgres).equals(List.of("before")));
      assertThat(postgres.port()).isEqualTo(port);
    }
  }

  @Test
  void aPostgresThatIsKilledAgainAndAgainComesBackEachTime() throws Exception {
    try (var postgres = start()) {
      write(postgres, "0");
      for (int round = 1; round <= 3; round++) {
        long killed = new PostmasterProcess(data()).pid().orElseThrow();
        ProcessHandle.of(killed).orElseThrow().destroyForcibly();
        await().until(() -> new PostmasterProcess(data()).pid().orElse(killed) != killed);
        await().ignoreExceptions().until(() -> !notes(postgres).isEmpty());
        write(postgres, "" + round);
      }
      assertThat(notes(postgres)).containsExactly("0", "1", "2", "3");
    }
  }

  @Test
  void whatWasCommittedIsThereAfterTheServerWasKilled() throws Exception {
    long left;
    try (var killed = ServerInAnotherJvm.start(home)) {
      write(killed.firstLine(), password(), "before");
      left = new PostmasterProcess(data()).pid().orElseThrow();

      killed.kill();
    }

    try (var next = start()) {
      assertThat(notes(next)).containsExactly("before");
      assertThat(PostmasterProcess.isAlive(left)).isFalse();
    }
  }

  @Test
  void aKilledServerLeavesNoPostgresBehind() throws Exception {
    assumeTrue(
        Command.findExecutable("setpriv").isPresent(),
        "only Linux tells a child of its parent's death");
    try (var killed = ServerInAnotherJvm.start(home)) {
      long postgres = new PostmasterProcess(data()).pid().orElseThrow();

      killed.kill();

      await().until(() -> !PostmasterProcess.isAlive(postgres));
    }
  }

  @Test
  void whatWasCommittedIsThereAfterServerAndPostgresWereKilledTogether() throws Exception {
    try (var killed = ServerInAnotherJvm.start(home)) {
      write(killed.firstLine(), password(), "before");
      long postgres = new PostmasterProcess(data()).pid().orElseThrow();

      ProcessHandle.of(postgres).orElseThrow().destroyForcibly();
      killed.kill();
    }

    try (var next = start()) {
      assertThat(notes(next)).containsExactly("before");
    }
  }

  @Test
  void aPostgresThatAnEarlierServerLeftRunningIsStoppedFirst() throws Exception {
    DataDirectory directory;
    try (var first = start()) {
      write(first, "before");
      directory = directory();
    }
    Process orphan =
        asPostgres(directory.tree().program("postgres").toString(), "-D", data().toString());
    await().until(() -> new PostmasterProcess(data()).ready());

    try (var second = start()) {
      assertThat(orphan.isAlive()).isFalse();
      assertThat(notes(second)).containsExactly("before");
    }
  }

  @Test
  void aStalePidThatAnotherProgramHasByNowIsNeitherTrustedNorKilled() throws Exception {
    Process unrelated = asPostgres("sleep", "600");
    leaveStalePidFile(unrelated.pid());

    try (var postgres = start()) {
      assertThat(notes(postgres)).containsExactly("before");
      assertThat(unrelated.isAlive()).isTrue();
    }
  }

  @Test
  void aStalePidOfAZombieIsNotTrusted() throws Exception {
    // The shell's child ends at once, and the sleep that the shell turns into never asks for it.
    Process parent = asPostgres("sh", "-c", "true & exec sleep 600");
    long zombie =
        await()
            .until(
                () -> parent.children().map(ProcessHandle::pid).findFirst().orElse(0L),
                pid -> pid != 0 && !PostmasterProcess.isAlive(pid));
    leaveStalePidFile(zombie);

    try (var postgres = start()) {
      assertThat(notes(postgres)).containsExactly("before");
    }
  }

  @Test
  void aSecondServerOnTheSameHomeIsRefusedInOneLineThatNamesTheFirst() throws Exception {
    try (var _ = ServerInAnotherJvm.start(home);
        var second = ServerInAnotherJvm.start(home)) {
      assertThat(second.firstLine())
          .startsWith("THREADMILL_HOME=" + home + " is in use by another Threadmill server (pid ");
    }
  }

  @Test
  void aSecondServerInTheSameProcessIsRefusedAndTheFirstKeepsItsLock() throws Exception {
    try (var first = start()) {
      assertThatThrownBy(this::start)
          .isInstanceOf(EmbeddedPostgresException.class)
          .hasMessageContaining("pid " + ProcessHandle.current().pid());
      assertThat(ServerInAnotherJvm.start(home).firstLine()).contains("is in use");
      write(first, "still mine");
    }
  }

  @Test
  void aStartThatWasKilledHalfWayLeavesNothingInTheWay() throws Exception {
    Path postgres = Files.createDirectories(home.resolve("postgres"));
    Files.createDirectories(postgres.resolve("data.part/base"));
    Files.writeString(postgres.resolve("password.part"), "half");

    try (var started = start()) {
      write(started, "whole");
      assertThat(postgres.resolve("data.part")).doesNotExist();
    }
  }

  @Test
  void aLostPasswordIsReplaced() throws Exception {
    try (var first = start()) {
      write(first, "before");
    }
    Files.delete(home.resolve("postgres/password"));

    try (var second = start()) {
      assertThat(notes(second)).containsExactly("before");
    }
  }

  @Test
  void aSupervisorsStopIsACleanOne() throws Exception {
    try (var server = ServerInAnotherJvm.start(home)) {
      server.stop();
    }

    assertThat(home.resolve("postgres/data/postmaster.pid")).doesNotExist();
    assertThat(Files.readString(home.resolve("postgres/postgres.log")))
        .contains("database system is shut down");
  }

  @Test
  void commitsAreOnTheDiskAndOnlyThePasswordOpensTheDoor() throws Exception {
    try (var postgres = start();
        var connection = connect(postgres)) {
      assertThat(one(connection, "SHOW fsync")).isEqualTo("on");
      assertThat(one(connection, "SHOW server_encoding")).isEqualTo("UTF8");
      assertThat(
              one(connection, "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user"))
          .isEqualTo("false");
      assertThatThrownBy(
              () -> DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), "guess"))
          .isInstanceOf(SQLException.class);
    }
  }

  @Test
  void thePrivateHomeOfRootIsNoObstacle() throws Exception {
    assumeTrue(RunAsUser.isRoot(), "for an ordinary user nothing is out of reach");
    Path locked = Files.createDirectory(home.resolve("private"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"));
    Path inside = locked.resolve("home");

    try (var postgres = EmbeddedPostgres.start(options().withHome(inside))) {
      write(postgres, "before");
      assertThat(inside.resolve("postgres")).isSymbolicLink();
    }

    try (var again = EmbeddedPostgres.start(options().withHome(inside))) {
      assertThat(notes(again)).containsExactly("before");
    } finally {
      PostgresResource.delete(inside.resolve("postgres").toRealPath());
    }
  }

  /**
   * As a kill at a bad moment leaves it: all lines right but for a pid that was given away
   * meanwhile.
   */
  private void leaveStalePidFile(long pid) throws Exception {
    List<String> lines;
    try (var first = start()) {
      write(first, "before");
      lines = new ArrayList<>(Files.readAllLines(data().resolve("postmaster.pid")));
    }
    lines.set(0, Long.toString(pid));
    Files.write(data().resolve("postmaster.pid"), lines);
    if (RunAsUser.isRoot()) {
      RunAsUser.neededFor(data()).orElseThrow().chown(data().resolve("postmaster.pid"));
    }
  }

  private Options options() {
    return Options.at(home).withCache(PostgresResource.cache()).withVector(Vector.REQUIRE_PGVECTOR);
  }

  private EmbeddedPostgres start() {
    return EmbeddedPostgres.start(options());
  }

  private Path data() throws IOException {
    return home.resolve("postgres").toRealPath().resolve("data");
  }

  private String password() throws IOException {
    return Files.readString(home.resolve("postgres/password"));
  }

  private DataDirectory directory() throws Exception {
    PostgresLayout places = PostgresLayout.prepare(home, PostgresResource.cache());
    return new DataDirectory(places, PrepareInstallation.of(options(), places));
  }

  /** As the user that Postgres runs as: only a pid of theirs counts with Postgres. */
  private Process asPostgres(String... command) throws Exception {
    return stranger(directory().asUser(List.of(command)));
  }

  private Process stranger(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    strangers.add(process);
    return process;
  }

  private static Connection connect(EmbeddedPostgres postgres) throws SQLException {
    return DriverManager.getConnection(
        postgres.jdbcUrl() + "?connectTimeout=5", postgres.user(), postgres.password());
  }

  private static void write(EmbeddedPostgres postgres, String note) throws SQLException {
    write(postgres.jdbcUrl(), postgres.password(), note);
  }

  private static void write(String url, String password, String note) throws SQLException {
    try (var connection = DriverManager.getConnection(url, "threadmill", password)) {
      run(connection, "CREATE TABLE IF NOT EXISTS notes (note text)");
      run(connection, "INSERT INTO notes VALUES ('" + note + "')");
    }
  }

  private static List<String> notes(EmbeddedPostgres postgres) throws SQLException {
    try (var connection = connect(postgres);
        var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT note FROM notes ORDER BY note")) {
      List<String> notes = new ArrayList<>();
      while (rows.next()) {
        notes.add(rows.getString(1));
      }
      return notes;
    }
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
