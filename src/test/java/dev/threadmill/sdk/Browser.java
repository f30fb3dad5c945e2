package dev.threadmill.sdk;

import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** The Chromium of this machine, which tests drive without a window. */
final class Browser {
  private Browser() {}

  /** Where it is; skips the test on a machine without one. */
  static String path() {
    var browser =
        Stream.of("chromium", "chromium-browser", "google-chrome")
            .filter(Command::exists)
            .findFirst()
            .orElse("chromium");
    Toolchain.require("a browser", browser);
    return Command.in(Path.of("."), "which", browser).run(Duration.ofSeconds(10)).output().strip();
  }
}
