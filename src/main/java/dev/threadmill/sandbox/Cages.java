package dev.threadmill.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The runtime that the settings name.
 *
 * @param runtime null if there is none
 * @param python the program, for people
 * @param why there is no runtime; null if there is one
 */
record Cages(CageRuntime runtime, String python, String why) {
  private static final int USER_INSIDE = 1000;

  static Cages of(SandboxConfig config, Path home) throws IOException {
    int user = serverUser();
    boolean isRoot = user == 0;
    var root = home.resolve("sandbox");
    return switch (config.kind()) {
      case "bubblewrap" -> {
        var files = SandboxFiles.write(root, isRoot ? config.firstUid() : USER_INSIDE);
        var python = Python.find(config, home);
        var runtime = new Bubblewrap(config, files, python, isRoot);
        yield new Cages(runtime, python.program(), null);
      }
      case "container" -> {
        var files = SandboxFiles.write(root, USER_INSIDE);
        var runtime = new ContainerRuntime(config, files, isRoot, user);
        yield new Cages(runtime, "of the image", null);
      }
      default ->
          new Cages(null, "", "Running code is off on this server: THREADMILL_SANDBOX is 'off'.");
    };
  }

  /** The number of the user that the server runs as. */
  static int serverUser() throws IOException {
    var self = Path.of("/proc/self");
    return Files.exists(self) ? (Integer) Files.getAttribute(self, "unix:uid") : USER_INSIDE;
  }
}
