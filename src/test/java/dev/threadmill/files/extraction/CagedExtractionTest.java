package dev.threadmill.files.extraction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.threadmill.sandbox.ProgramCage;
import dev.threadmill.sandbox.SandboxConfig;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process that reads documents, where the machine has bubblewrap. */
class CagedExtractionTest {
  private static final byte[] PAGE = "<p>fine</p>".getBytes(StandardCharsets.UTF_8);

  @TempDir Path home;

  private ProgramCage.Found find() {
    var config =
        new SmallRyeConfigBuilder()
            .withConverter(Duration.class, 100, new DurationConverter())
            .withMapping(SandboxConfig.class)
            .build()
            .getConfigMapping(SandboxConfig.class);
    return ProgramCage.find(config, home);
  }

  private Extractions caged(ExtractionSettings settings) {
    var found = find();
    assumeThat(found).isInstanceOf(ProgramCage.Found.Usable.class);
    return new Extractions(settings.inCage(), () -> found);
  }

  @Test
  void theProcessSeesNeitherTheNetworkNorTheFilesOfTheServer() throws Exception {
    var before = ProcessHandle.current().descendants().toList();
    try (var extractions = caged(ExtractionSettings.usual())) {
      assertThat(extractions.extract("a.html", PAGE).text()).isEqualTo("fine");

      var worker =
          ProcessHandle.current()
              .descendants()
              .filter(each -> !before.contains(each))
              .filter(each -> status(each.pid(), "Name:").contains("java"))
              .findFirst()
              .orElseThrow();
      var proc = Path.of("/proc", Long.toString(worker.pid()));
      assertThat(status(worker.pid(), "CapEff:")).endsWith("0000000000000000");
      assertThat(status(worker.pid(), "Seccomp:")).endsWith("2");
      assertThat(Files.readAllLines(proc.resolve("net/dev")).stream().skip(2))
          .allMatch(line -> line.strip().startsWith("lo:"));
      if (Files.isReadable(proc.resolve("root/etc"))) {
        assertThat(status(worker.pid(), "Uid:")).doesNotContain("\t0\t");
        assertThat(proc.resolve("root/etc/shadow")).doesNotExist();
        assertThat(proc.resolve("root").resolve(home.toString().substring(1))).doesNotExist();
      }
    }
  }

  @Test
  void theProcessLivesOnWhenTheThreadEndsThatStartedIt() throws Exception {
    var found = find();
    assumeThat(found).isInstanceOf(ProgramCage.Found.Usable.class);
    var cage = ((ProgramCage.Found.Usable) found).cage();
    var page = Files.write(home.resolve("a.html"), PAGE);
    var request = new Frames.Request(page.toString(), "a.html", "", 1_000, 0, 60_000);
    var starting =
        new FutureTask<>(
            () -> {
              var worker = WorkerProcess.start(ExtractionSettings.usual().inCage(), cage);
              // The process asks to be ended with its parent before it reads.
              worker.read(request, Duration.ofSeconds(60));
              return worker;
            });
    Thread.ofPlatform().name("ends-soon").start(starting);
    try (var worker = starting.get()) {
      org.awaitility.Awaitility.await().until(() -> !threadNames().contains("ends-soon"));

      var text = worker.read(request, Duration.ofSeconds(60)).blocks().getFirst().text();
      assertThat(text).isEqualTo("fine");
    }
  }

  /** Of the kernel's threads, which outlive those of Java for a moment. */
  private static List<String> threadNames() throws java.io.IOException {
    try (var threads = Files.list(Path.of("/proc/self/task"))) {
      return threads
          .map(each -> status(each.resolve("status"), "Name:").replace("Name:", "").strip())
          .toList();
    }
  }

  @Test
  void whatAFileDoesToTheProcessIsSaidAsWithoutACage() throws Exception {
    try (var small = caged(ExtractionSettings.usual().withHeapMegabytes(48))) {
      var document = ("<p>" + "x".repeat(60_000_000) + "</p>").getBytes(StandardCharsets.UTF_8);
      assertThatThrownBy(() -> small.extract("a.html", document))
          .isInstanceOf(ExtractionException.class)
          .hasMessageContaining("more memory");
      assertThat(small.extract("a.html", PAGE).text()).isEqualTo("fine");
    }
  }

  @Test
  void aProcessInACageEndsWhenItIsIdle() throws Exception {
    var before = ProcessHandle.current().descendants().map(ProcessHandle::pid).toList();
    try (var brief = caged(ExtractionSettings.usual().withIdle(Duration.ofMillis(50)))) {
      brief.extract("a.html", PAGE);
      org.awaitility.Awaitility.await()
          .until(
              () ->
                  before.containsAll(
                      ProcessHandle.current().descendants().map(ProcessHandle::pid).toList()));
    }
  }

  @Test
  void withoutBubblewrapDocumentsAreReadOutsideOfACage() throws Exception {
    try (var extractions =
        new Extractions(
            ExtractionSettings.usual().inCage(),
            () -> new ProgramCage.Found.Unusable("there is no program 'bwrap'"))) {
      assertThat(extractions.extract("a.html", PAGE).text()).isEqualTo("fine");
    }
  }

  private static String status(long pid, String field) {
    return status(Path.of("/proc", Long.toString(pid), "status"), field);
  }

  private static String status(Path file, String field) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(field))
          .findFirst()
          .orElse("");
    } catch (java.io.IOException e) {
      return List.of(e).toString();
    }
  }
}
