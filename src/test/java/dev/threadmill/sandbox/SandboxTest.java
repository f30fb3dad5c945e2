package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.api.ProjectId;
import dev.threadmill.sandbox.CodeResult.Status;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions as users of a notebook expect them. */
@Timeout(60)
class SandboxTest {
  private static final Map<String, String> SETTINGS =
      Map.of("timeout", "2s", "sessions", "3", "disk-mb", "32", "output", "1000");

  private static SandboxFixture fixture;
  private static final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());

  @BeforeAll
  static void start() throws Exception {
    fixture = new SandboxFixture(SETTINGS, now::get).requireAvailable();
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static CodeResult run(SandboxSession session, String code) throws Exception {
    return session.run(code, _ -> {});
  }

  @Test
  void variablesStayFromCallToCallAndTheLastValueIsShown() throws Exception {
    var session = fixture.open("variables");
    assertThat(run(session, "x = 6\ndef f(y): return x * y").output()).isEmpty();
    assertThat(run(session, "f(7)").output()).isEqualTo("42\n");
    assertThat(run(session, "f(8);").output()).isEmpty();
    assertThat(run(session, "_ + 1").output()).isEqualTo("43\n");
    assertThat(run(session, "display('a', [1])").output()).isEqualTo("a\n[1]\n");
  }

  @Test
  void aTracebackNamesTheLinesOfTheCodeOnly() throws Exception {
    var session = fixture.open("traceback");
    var result = run(session, "def f():\n  return 1 / 0\nprint('before')\nf()");
    assertThat(result.status()).isEqualTo(Status.RAISED);
    assertThat(result.output())
        .startsWith("before\nTraceback (most recent call last):\n  File \"<call 1>\", line 4")
        .contains("return 1 / 0")
        .endsWith("ZeroDivisionError: division by zero\n")
        .doesNotContain("kernel.py");
    assertThat(run(session, "if x").output()).contains("SyntaxError");
  }

  @Test
  void outputArrivesWhileTheCodeRuns() throws Exception {
    var session = fixture.open("streamed");
    var pieces = new ArrayList<String>();
    var first = new CountDownLatch(1);
    var result =
        session.run(
            "import time, os\nprint('one', flush=True)\nwhile not os.path.exists('go'):"
                + " time.sleep(0.01)\nprint('two')\nos.system('echo three')",
            piece -> {
              pieces.add(piece);
              if (first.getCount() == 1) {
                first.countDown();
                release(session);
              }
            });
    assertThat(result.output()).startsWith("one\ntwo\nthree\n");
    assertThat(pieces.getFirst()).isEqualTo("one\n");
    assertThat(String.join("", pieces)).isEqualTo(result.output());
  }

  /** Lets the code go on that waits for this file; the server writes it while the code runs. */
  private static void release(SandboxSession session) {
    try {
      var data =
          Files.walk(fixture.home.resolve("sandbox/sessions"))
              .filter(path -> path.endsWith(Path.of(session.id(), "data")))
              .findFirst()
              .orElseThrow();
      Files.createFile(data.resolve("go"));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void longOutputKeepsItsBeginningAndItsEnd() throws Exception {
    var session = fixture.open("long");
    var streamed = new StringBuilder();
    var result = session.run("for i in range(1000): print('☔', i)\n1/0", streamed::append);
    assertThat(result.output())
        .startsWith("☔ 0\n☔ 1\n")
        .contains("characters of output are left out")
        .endsWith("ZeroDivisionError: division by zero\n")
        .hasSizeLessThan(1200)
        .isEqualTo(streamed.toString());
  }

  @Test
  void anInterruptKeepsTheVariablesAndARestartLosesThem() throws Exception {
    var session = fixture.open("interrupt");
    run(session, "x = 5");
    var interrupted = run(session, "while True: pass");
    assertThat(interrupted.status()).isEqualTo(Status.INTERRUPTED);
    assertThat(interrupted.note()).contains("longer than 2 seconds");
    assertThat(run(session, "x").output()).isEqualTo("5\n");
    run(session, "open('kept.txt', 'w').write('kept')");
    var ended = run(session, "import os; os._exit(1)");
    assertThat(ended.status()).isEqualTo(Status.RESTARTED);
    assertThat(ended.note()).contains("Variables are lost; the files in /mnt/data are kept.");
    assertThat(run(session, "x").output()).contains("NameError");
    assertThat(run(session, "open('kept.txt').read()").output()).isEqualTo("'kept'\n");
  }

  @Test
  void aCallerThatIsInterruptedInterruptsTheCode() throws Exception {
    var session = fixture.open("cancelled");
    run(session, "x = 5");
    var failure = new AtomicReference<Throwable>();
    var begun = new CountDownLatch(1);
    var thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    session.run(
                        "print('on', flush=True)\nwhile True: pass", _ -> begun.countDown());
                  } catch (Exception e) {
                    failure.set(e);
                  }
                });
    begun.await();
    thread.interrupt();
    thread.join();
    assertThat(failure.get()).isInstanceOf(InterruptedException.class);
    assertThat(run(session, "x").output()).isEqualTo("5\n");
  }

  @Test
  void noProcessOfASessionRunsBetweenCalls() throws Exception {
    var session = fixture.open("stopped");
    run(
        session,
        "import threading, time\nn = 0\ndef count():\n  global n\n  while True: n += 1;"
            + " time.sleep(0.001)\nthreading.Thread(target=count, daemon=True).start()\n"
            + "time.sleep(0.1)\nimport subprocess\np = subprocess.Popen(['sleep', '50'])");
    long before = written(session);
    run(session, "m = n");
    var gap = run(session, "import time; a = time.monotonic(); n - m < 200");
    assertThat(gap.output()).isEqualTo("True\n");
    assertThat(written(session)).isGreaterThanOrEqualTo(before);
  }

  private static long written(SandboxSession session) throws Exception {
    return Long.parseLong(run(session, "n").output().strip());
  }

  @Test
  void filesGoInAndOutUnderAnyName() throws Exception {
    var session = fixture.open("files");
    var content = "a,b\n1,2\n".getBytes(StandardCharsets.UTF_8);
    for (var name : List.of("data.csv", "Übersicht 2.csv", "folder/表.csv", "a+b%20c.txt")) {
      session.write(name, new ByteArrayInputStream(content), 100);
    }
    var listed =
        run(
            session,
            "import os\nsorted(os.path.relpath(os.path.join(d, f)) for d, _, fs in os.walk('.')"
                + " for f in fs)");
    assertThat(listed.output())
        .isEqualTo("['a+b%20c.txt', 'data.csv', 'folder/表.csv', 'Übersicht 2.csv']\n");
    run(session, "open('data.csv', 'a').write('3,4\\n'); open('naïve.txt', 'w').write('é')");
    assertThat(session.files())
        .extracting(SandboxSession.SandboxFile::path)
        .containsExactlyInAnyOrder(
            "a+b%20c.txt", "data.csv", "folder/表.csv", "naïve.txt", "Übersicht 2.csv");
    for (var file : session.files()) {
      try (var in = session.open(file)) {
        assertThat(in.readAllBytes()).hasSize((int) file.bytes());
      }
    }
    assertThatThrownBy(() -> session.write("../x", new ByteArrayInputStream(content), 100))
        .hasMessageContaining("not the name of a file");
    assertThatThrownBy(
            () -> session.write("big", new ByteArrayInputStream(new byte[40 << 20]), 40 << 20))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("does not fit");
  }

  @Test
  void linksThatCodeMakesAreNeitherListedNorRead() throws Exception {
    var session = fixture.open("links");
    run(session, "import os\nos.symlink('/etc/hostname', 'a.txt')\nos.symlink('/', 'root')");
    assertThat(session.files()).isEmpty();
    assertThatThrownBy(() -> session.open(new SandboxSession.SandboxFile("a.txt", 1, "")))
        .hasMessageContaining("not a regular file");
    assertThatThrownBy(
            () -> session.open(new SandboxSession.SandboxFile("root/etc/hostname", 1, "")))
        .hasMessageContaining("not a regular file");
    session.write("a.txt", new ByteArrayInputStream(new byte[] {'x'}), 10);
    assertThat(run(session, "os.path.islink('a.txt'), open('a.txt').read()").output())
        .isEqualTo("(False, 'x')\n");
  }

  private static List<byte[]> figures(SandboxSession session) {
    var figures = new ArrayList<byte[]>();
    session.takeFigures(figures::add);
    return figures;
  }

  @Test
  void picturesThatCodeShowsAreTakenOnce() throws Exception {
    var session = fixture.open("pictures");
    run(
        session,
        "class P:\n  def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n' + b'data'\nP()");
    assertThat(figures(session)).hasSize(1);
    assertThat(figures(session)).isEmpty();
    run(session, "open('/mnt/figures/x.png', 'w').write('no picture')");
    assertThat(figures(session)).isEmpty();
    run(
        session,
        "for i, mib in enumerate([5, 3, 3, 3, 3, 3, 3, 3]):\n"
            + "  f = open(f'/mnt/figures/{i}.png', 'wb')\n"
            + "  f.write(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(mib << 20)); f.close()");
    var figures = new ArrayList<byte[]>();
    assertThat(session.takeFigures(figures::add)).isEqualTo(2);
    assertThat(figures).hasSize(6);
    assertThat(figures(session)).isEmpty();
  }

  @Test
  void figuresOfMatplotlibBecomePictures() throws Exception {
    try (var patient = new SandboxFixture(Map.of("timeout", "30s"))) {
      figuresOfMatplotlibBecomePictures(patient.open("plots"));
    }
  }

  private static void figuresOfMatplotlibBecomePictures(SandboxSession session) throws Exception {
    assumeTrue(
        run(session, "import importlib.util as u\nbool(u.find_spec('matplotlib'))")
            .output()
            .equals("True\n"),
        "there is no matplotlib; ./threadmill sandbox install brings it");
    var result =
        run(
            session,
            "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.bar([1], [2]);");
    assertThat(result.output()).isEmpty();
    assertThat(figures(session)).hasSize(2);
  }

  @Test
  void aPythonOfItsOwnIsUsedWhereverItIs() throws Exception {
    var folder = Files.createTempDirectory("threadmill-python");
    try {
      var python = folder.resolve("venv/bin/python").toString();
      var made =
          Programs.output(
              List.of(
                  Programs.find("python3"),
                  "-c",
                  "import venv, sys; venv.create(sys.argv[1], symlinks=True); print('made')",
                  folder.resolve("venv").toString()));
      assumeTrue(made.equals("made\n"), "Python makes no virtual environments here");
      try (var own = new SandboxFixture(Map.of("python", python))) {
        assertThat(run(own.open("own"), "import sys; print(sys.prefix)").output())
            .isEqualTo(folder.resolve("venv") + "\n");
      }
    } finally {
      SessionFolder.delete(folder);
    }
  }

  @Test
  void anIdleSessionEnds() throws Exception {
    var session = fixture.open("idle");
    now.updateAndGet(time -> time.plus(Duration.ofMinutes(59)));
    fixture.sandbox.closeIdle();
    assertThat(session.isAlive()).isTrue();
    now.updateAndGet(time -> time.plus(Duration.ofMinutes(2)));
    fixture.sandbox.closeIdle();
    assertThat(session.isAlive()).isFalse();
    assertThat(fixture.sandbox.find("idle")).isEmpty();
  }

  @Test
  void theProjectWithTheMostSessionsGivesPlaceFirst() throws Exception {
    fixture.sandbox.keys().forEach(fixture.sandbox::close);
    var other = fixture.sandbox.open(new ProjectId("proj_other"), "other");
    var oldest = fixture.open("oldest");
    now.updateAndGet(time -> time.plusSeconds(1));
    fixture.open("newer");
    fixture.open("newest");
    assertThat(oldest.isAlive()).isFalse();
    assertThat(other.isAlive()).isTrue();
    assertThat(fixture.sandbox.keys()).containsExactlyInAnyOrder("other", "newer", "newest");
  }

  @Test
  void aServerWithoutSandboxSaysWhyInOneLine() throws Exception {
    try (var off = new SandboxFixture(Map.of("kind", "off"));
        var missing = new SandboxFixture(Map.of("bwrap", "/nowhere/bwrap"))) {
      assertThat(off.sandbox.availability().line())
          .isEqualTo("Running code is off on this server: THREADMILL_SANDBOX is 'off'.");
      assertThat(missing.sandbox.availability().line())
          .isEqualTo(
              "Code cannot be run on this server: there is no program '/nowhere/bwrap'; install it"
                  + " (apt install bubblewrap).");
      assertThatThrownBy(() -> missing.open("x"))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("there is no program");
    }
  }
}
