package dev.threadmill.sandbox;

import dev.threadmill.api.Json;
import dev.threadmill.sandbox.CageRuntime.Cage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Starts a session and checks from inside that it can reach nothing. */
final class SelfTest {
  private static final String CODE =
      """
      import os
      problems = []
      if os.getuid() == 0:
          problems.append("code runs as root")
      if any(not line.strip().startswith("lo:") for line in list(open("/proc/net/dev"))[2:]):
          problems.append("code has a network")
      status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
      if int(status["CapEff"], 16) or int(status.get("CapPrm", "0"), 16):
          problems.append("code has privileges")
      if os.path.exists(%s):
          problems.append("code sees the files of the server")
      open("/mnt/data/test", "w").write("x")
      print("; ".join(problems) or "contained")
      """;

  private SelfTest() {}

  /** Returns why code cannot be run, as one line; null if it can. */
  static String run(CageRuntime runtime, Path root, SandboxConfig config, Path home)
      throws IOException, InterruptedException {
    var name = "threadmill-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    var folder = SessionFolder.create(root.resolve(name), runtime.owner(0));
    DriverProcess driver = null;
    try {
      driver = DriverProcess.start(runtime, new Cage(name, folder));
      var code = CODE.formatted(literal(home.resolve("sandbox/sessions").toString()));
      var result = new CodeCall(driver, folder, config).run(code, "\0end\0", _ -> {});
      var said = Programs.oneLine(result.output());
      return said.equals("contained") ? null : "the sandbox does not hold (" + said + ")";
    } catch (SandboxException e) {
      return e.getMessage();
    } finally {
      if (driver != null) {
        driver.kill();
      }
      folder.delete();
    }
  }

  private static String literal(String text) {
    return Json.write(text);
  }
}
