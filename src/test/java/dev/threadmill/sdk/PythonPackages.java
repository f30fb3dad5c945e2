package dev.threadmill.sdk;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Installs packages of Python for tests, each set in a folder of its own in the cache. */
final class PythonPackages {
  private PythonPackages() {}

  /**
   * Returns the value for {@code PYTHONPATH}; skips the test on a machine without Python, pip or a
   * connection to the package registry.
   *
   * @param requirements as pip takes them, for example {@code openai==3.57.0}
   */
  static Path installed(String... requirements) {
    var name = "PyPI " + String.join(", ", requirements);
    Toolchain.require(name, "python3");
    var about =
        Command.in(Path.of("."), "python3", "-m", "pip", "--version").run(Duration.ofSeconds(30));
    if (!about.isSuccess()) {
      Toolchain.skip(name + " is not tested: python3 on this machine has no pip");
    }
    return Toolchain.installed(
        name, "python", about.output() + name, folder -> install(folder, requirements));
  }

  private static Command install(Path folder, String... requirements) {
    var words =
        new ArrayList<>(
            List.of("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"));
    words.addAll(List.of("--target", folder.toString()));
    words.addAll(List.of(requirements));
    return Command.in(folder, words.toArray(String[]::new));
  }
}
