package dev.threadmill.sdk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that a test runs with a time limit; its output is kept. */
record Command(Path folder, Map<String, String> environment, List<String> words) {
  private static final int LONGEST_OUTPUT = 60_000;

  /** The result of a program: its exit code, -1 after the time limit, and its output. */
  record Outcome(int exitCode, String output) {
    boolean isSuccess() {
      return exitCode == 0;
    }
  }

  static Command in(Path folder, String... words) {
    return new Command(folder, Map.of(), List.of(words));
  }

  Command with(Map<String, String> variables) {
    return new Command(folder, variables, words);
  }

  /** Whether the program exists: whether it can print its version. */
  static boolean exists(String program) {
    try {
      return in(Path.of("."), program, "--version").run(Duration.ofSeconds(20)).isSuccess();
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  Outcome run(Duration atMost) {
    Path log = null;
    Process process = null;
    try {
      log = Files.createTempFile("threadmill-command-", ".log");
      var builder = new ProcessBuilder(words).directory(folder.toFile());
      builder.environment().putAll(environment);
      // Programs that read their input to its end do not wait for more.
      builder.redirectInput(Path.of("/dev/null").toFile());
      process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
      boolean ended = process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
      var output = Files.readString(log);
      if (output.length() > LONGEST_OUTPUT) {
        output = "…" + output.substring(output.length() - LONGEST_OUTPUT);
      }
      return ended
          ? new Outcome(process.exitValue(), output)
          : new Outcome(-1, output + "\n(killed: it took more than " + atMost + ")");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      if (process != null) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      delete(log);
    }
  }

  private static void delete(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
