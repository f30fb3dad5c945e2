package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.sandbox.CageRuntime.Cage;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The command of containers. No container engine is needed, and none is tested. */
class ContainerRuntimeTest {
  @Test
  void aContainerHasNoNetworkNoPrivilegesAndTheLimitsOfTheSettings() throws Exception {
    var root = Files.createTempDirectory("threadmill-container");
    try {
      var config =
          SandboxFixture.config(
              Map.of(
                  "container-command", "podman",
                  "container-image", "registry.test/python:3",
                  "container-runtime", "runsc",
                  "memory-mb", "256",
                  "processes", "20",
                  "disk-mb", "64"));
      var files = SandboxFiles.write(root.resolve("sandbox"), 1000);
      var runtime = new ContainerRuntime(config, files, false, 1234);
      var folder = SessionFolder.create(root.resolve("session"), -1);
      var command = String.join(" ", runtime.command(new Cage("threadmill-1", folder)));
      assertThat(command)
          .startsWith("podman run --rm --interactive --init --name threadmill-1")
          .contains(" --runtime runsc ")
          .contains(" --network none --read-only --cap-drop ALL ")
          .contains(" --security-opt no-new-privileges ")
          .contains(" --user 1234:1234 ")
          .contains(" --memory 256m --memory-swap 256m --pids-limit 20 ")
          .contains(" --ulimit core=0 --ulimit nofile=128 --ulimit fsize=67108864 ")
          .contains("type=bind,source=%s,target=/mnt/data ".formatted(folder.data()))
          .contains("target=/opt/threadmill,readonly ")
          .endsWith("registry.test/python:3 -I -B -u /opt/threadmill/kernel.py");
      assertThat(command).doesNotContain("--privileged").doesNotContain("docker.sock");
    } finally {
      SessionFolder.delete(root);
    }
  }
}
