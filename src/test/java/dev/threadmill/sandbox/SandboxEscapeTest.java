package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.sandbox.CodeResult.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Attempts to leave the sandbox or to take more than its limits, as a server that is root and as
 * one of an ordinary user runs it, while the code of another session is served.
 */
class SandboxEscapeTest {
  private static final Map<String, String> LIMITS =
      Map.of(
          "timeout", "2s",
          "grace", "500ms",
          "memory-mb", "512",
          "disk-mb", "32",
          "files", "500",
          "processes", "30",
          "output", "20000");

  private static final int SOME_USER = 34_567;
  private static final String SECRET = "the text that no code may read";

  /** The user that the server runs as. */
  enum Server {
    ROOT,
    USER
  }

  private static final Map<Server, SandboxFixture> SANDBOXES = new EnumMap<>(Server.class);
  private static final Map<Server, SandboxSession> SESSIONS = new EnumMap<>(Server.class);
  private static final List<Neighbour> NEIGHBOURS = new ArrayList<>();
  private static Path secret;

  @BeforeAll
  static void open() throws Exception {
    boolean isRoot = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    SANDBOXES.put(isRoot ? Server.ROOT : Server.USER, new SandboxFixture(LIMITS));
    if (isRoot) {
      SANDBOXES.put(Server.USER, SandboxFixture.ofUser(SOME_USER, LIMITS));
    }
    SANDBOXES.values().forEach(SandboxFixture::requireAvailable);
    for (var server : SANDBOXES.keySet()) {
      var sandbox = SANDBOXES.get(server);
      SESSIONS.put(server, sandbox.open("attacker"));
      var other = sandbox.open("other");
      other.run("open('/mnt/data/secret.txt', 'w').write('%s')".formatted(SECRET), _ -> {});
      NEIGHBOURS.add(new Neighbour(other));
      secret = Files.writeString(sandbox.home.resolve("secret.txt"), SECRET);
      secret.toFile().setReadable(true, false);
    }
    NEIGHBOURS.forEach(Neighbour::begin);
  }

  @AfterAll
  static void close() throws Exception {
    for (var neighbour : NEIGHBOURS) {
      neighbour.end();
    }
    SANDBOXES.values().forEach(SandboxFixture::close);
    NEIGHBOURS.forEach(Neighbour::requireServed);
  }

  static Stream<Arguments> attempts() {
    return Stream.of(Server.values())
        .flatMap(
            server ->
                Stream.of(
                        NetworkAttempts.ALL,
                        FileAttempts.ALL,
                        KernelAttempts.ALL,
                        LimitAttempts.ALL,
                        DriverAttempts.ALL)
                    .flatMap(List::stream)
                    .map(attempt -> Arguments.of(server, attempt)));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("attempts")
  void anAttemptIsContained(Server server, Attempt attempt) throws Exception {
    assumeTrue(SESSIONS.containsKey(server), "the tests do not run as root");
    var session = SESSIONS.get(server);
    long start = System.nanoTime();
    var result = session.run(Attempt.HELPERS + attempt.code(), _ -> {});
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    assertThat(result.output()).doesNotContain("ESCAPED").doesNotContain(SECRET);
    assertThat(result.output().length()).isLessThan(30_000);
    assertThat(millis).isLessThan(12_000);
    if (attempt.note() == null) {
      assertThat(result.output()).as("%s", result).contains("contained");
      assertThat(result.status()).isIn(Status.COMPLETED, Status.RAISED);
    } else {
      assertThat(result.note()).as("%s", result).contains(attempt.note());
    }
    assertThat(session.run("print(20 + 22)", _ -> {}).output()).contains("42");
    assertThat(session.files())
        .allSatisfy(file -> assertThat(file.path()).doesNotContain("..").doesNotStartWith("/"));
    session.run("import shutil, os\nfor f in os.listdir('.'): remove(f)", _ -> {});
  }

  /** The code of another project, which is to be served whatever the attacker does. */
  private static final class Neighbour {
    private final SandboxSession session;
    private final List<String> failures = new ArrayList<>();
    private volatile boolean isOver;
    private Thread thread;
    private long slowest;
    private int calls;

    Neighbour(SandboxSession session) {
      this.session = session;
    }

    void begin() {
      thread = Thread.ofVirtual().start(this::work);
    }

    private void work() {
      try {
        while (!isOver) {
          long start = System.nanoTime();
          var result = session.run("import time; time.sleep(0.2); print(6 * 7)", _ -> {});
          slowest = Math.max(slowest, System.nanoTime() - start);
          calls++;
          if (!result.output().equals("42\n")) {
            failures.add(result.toString());
          }
        }
      } catch (Exception e) {
        failures.add(e.toString());
      }
    }

    void end() throws InterruptedException {
      isOver = true;
      thread.join();
    }

    void requireServed() {
      assertThat(failures).isEmpty();
      assertThat(calls).isPositive();
      assertThat(slowest).isLessThan(TimeUnit.SECONDS.toNanos(3));
    }
  }
}
