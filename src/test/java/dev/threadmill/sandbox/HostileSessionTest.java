package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.sandbox.CodeResult.Status;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions whose code, or whose caller, does not behave. */
@Timeout(60)
class HostileSessionTest {
  /** A process whose first thread has ended counts in a file. */
  private static final String FIRST_THREAD_ENDS =
      """
      import ctypes, os, threading, time
      if os.fork() == 0:
          def count():
              n = 0
              while True:
                  n += 1
                  with open("/mnt/data/n.new", "w") as f: f.write(str(n))
                  os.rename("/mnt/data/n.new", "/mnt/data/n")
                  time.sleep(0.001)
          threading.Thread(target=count).start()
          ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
      while not os.path.exists("/mnt/data/n"): time.sleep(0.01)
      """;

  private static SandboxFixture fixture;

  @BeforeAll
  static void start() throws Exception {
    fixture = new SandboxFixture(Map.of("timeout", "2s", "grace", "500ms")).requireAvailable();
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static CodeResult run(SandboxSession session, String code) throws Exception {
    return session.run(code, _ -> {});
  }

  @Test
  void aProcessWhoseFirstThreadHasEndedIsStopped() throws Exception {
    var session = fixture.open("threads");
    run(session, FIRST_THREAD_ENDS);
    var first = counted(session);
    long end = System.nanoTime() + Duration.ofMillis(300).toNanos();
    while (System.nanoTime() < end) {
      assertThat(counted(session)).isEqualTo(first);
    }
    run(session, "time.sleep(0.1)");
    assertThat(counted(session)).isNotEqualTo(first);
  }

  private static String counted(SandboxSession session) throws Exception {
    try (var in = session.open(new SandboxSession.SandboxFile("n", 1, ""))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void aFileWhoseNameCodeGaveToAFolderIsRefused() throws Exception {
    var session = fixture.open("clash");
    run(session, "import os\nos.mkdir('a.txt'); open('b', 'w').close()");
    for (var name : List.of("a.txt", "b/c.txt")) {
      assertThatThrownBy(() -> session.write(name, new ByteArrayInputStream(new byte[1]), 10))
          .isInstanceOf(FileAlreadyExistsException.class);
    }
  }

  @Test
  void aFolderThatCodeReplacedByALinkOrAPipeIsNotEntered() throws Exception {
    var session = fixture.open("replaced");
    run(
        session,
        "import os\nos.mkdir('real'); open('real/x', 'w').close()\n"
            + "os.symlink('real', 'link'); os.mkfifo('pipe')");
    for (var name : List.of("link/x", "pipe/x", "missing/x")) {
      session.delete(name);
      assertThatThrownBy(() -> session.open(new SandboxSession.SandboxFile(name, 1, "")))
          .hasMessageContaining("not a regular file");
    }
    assertThat(session.files())
        .extracting(SandboxSession.SandboxFile::path)
        .containsExactly("real/x");
    session.delete("real/x");
    assertThat(session.files()).isEmpty();
  }

  @Test
  void aListenerThatFailsInterruptsTheCode() throws Exception {
    var session = fixture.open("listener");
    run(session, "x = 5");
    assertThatThrownBy(
            () ->
                session.run(
                    "print('on', flush=True)\nwhile True: pass",
                    _ -> {
                      throw new IllegalStateException("gone");
                    }))
        .hasMessage("gone");
    assertThat(run(session, "x").output()).isEqualTo("5\n");
  }

  @Test
  void codeThatIsNotReadEndsTheProcessWhenItsTimeIsOver() throws Exception {
    var session = fixture.open("unread");
    run(
        session,
        "import os, signal, time\n"
            + "def wait(*_):\n"
            + "  signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            + "  while True: time.sleep(60)\n"
            + "os.read = wait");
    var result = run(session, "#" + "x".repeat(1 << 20));
    assertThat(result.status()).isEqualTo(Status.RESTARTED);
    assertThat(run(session, "6 * 7").output()).isEqualTo("42\n");
  }

  @Test
  void aFolderThatTheServerCannotReadCountsAsMoreThanTheLimit() {
    var count = new UseCounter();
    count.visitFileFailed(Path.of("gone"), new NoSuchFileException("gone"));
    assertThat(count.use().isUncounted()).isFalse();
    count.visitFileFailed(Path.of("hidden"), new AccessDeniedException("hidden"));
    assertThat(count.use().isUncounted()).isTrue();
  }
}
