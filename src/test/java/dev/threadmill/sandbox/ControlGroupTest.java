package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.sandbox.CodeResult.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the server may create control groups. */
@Timeout(60)
class ControlGroupTest {
  @Test
  void theKernelLimitsTheMemoryOfAllProcessesOfASession() throws Exception {
    var probe = ControlGroup.create("threadmill-probe", 1 << 20, List.of());
    assumeTrue(probe.isLimited(), "this user creates no control groups");
    probe.delete();
    try (var fixture = new SandboxFixture(Map.of("memory-mb", "256"))) {
      fixture.requireAvailable();
      var session = fixture.open("memory");
      var groups = session.run("print(open('/proc/self/cgroup').read())", _ -> {}).output();
      assertThat(groups).contains(session.id());
      var result =
          session.run(
              "import os, time\nfor i in range(4):\n  if os.fork() == 0:\n"
                  + "    data = b'x' * (120 << 20); time.sleep(20)\ntime.sleep(20)",
              _ -> {});
      assertThat(result.status()).isEqualTo(Status.RESTARTED);
      assertThat(result.note()).contains("more than 256 MiB of memory");
      var id = session.id();
      session.close();
      try (var left = Files.find(Path.of("/sys/fs/cgroup"), 5, (path, _) -> path.endsWith(id))) {
        assertThat(left).isEmpty();
      }
    }
  }
}
