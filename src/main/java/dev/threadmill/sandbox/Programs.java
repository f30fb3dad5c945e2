package dev.threadmill.sandbox;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of this machine. */
final class Programs {
  private static final int LINE = 200;
  private static final int PATIENCE_SECONDS = 20;
  private static final int MAX_OUTPUT = 1 << 16;

  private Programs() {}

  /** Whether there is such a program: a path, or a name that the PATH has. */
  static boolean exists(String program) {
    return !find(program).isEmpty();
  }

  /** The path of a program; empty if there is none. */
  static String find(String program) {
    if (program.contains("/")) {
      return Files.isExecutable(Path.of(program)) ? program : "";
    }
    var folders = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    return Arrays.stream((folders + ":/usr/bin:/usr/sbin").split(File.pathSeparator))
        .filter(folder -> !folder.isBlank())
        .map(folder -> Path.of(folder, program))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElse("");
  }

  /** What a program prints; empty if it fails. */
  static String output(List<String> command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      var output = new String(process.getInputStream().readNBytes(MAX_OUTPUT));
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "";
      }
      return process.exitValue() == 0 ? output : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** Why a program fails, on one line; null if it succeeds. */
  static String failure(List<String> command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectErrorStream(true)
              .start();
      var output = new String(process.getInputStream().readNBytes(MAX_OUTPUT));
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "it does not end";
      }
      return process.exitValue() == 0 ? null : oneLine(output);
    } catch (IOException e) {
      return oneLine(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "the server is stopping";
    }
  }

  /** A text on one line, shortened. */
  static String oneLine(String text) {
    var line = text.strip().replaceAll("\\s+", " ");
    return line.length() > LINE ? line.substring(0, LINE) + "..." : line;
  }
}
