package dev.threadmill.db.embedded;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs a program of this machine until it exits or its time limit ends. */
final class Command {
  private Command() {}

  /** The exit code and the output; {@code exit} is -1 after the time limit. */
  record Result(int exit, String output) {
    boolean ok() {
      return exit == 0;
    }

    /** The last line that is not empty, which usually is the error. */
    String lastLine() {
      return output.lines().filter(line -> !line.isBlank()).reduce("", (a, b) -> b).strip();
    }
  }

  static Result run(Duration limit, List<String> words) {
    return run(limit, Path.of("/"), Map.of(), words);
  }

  static Result run(Duration limit, Path folder, Map<String, String> env, List<String> words) {
    Process process = null;
    try {
      var builder = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true);
      builder.environment().putAll(env);
      builder.environment().put("LC_ALL", "C");
      process = builder.start();
      process.getOutputStream().close();
      var running = process;
      var output = new StringBuffer();
      // A separate thread reads: a grandchild that keeps the pipe open must not block past the
      // limit.
      var reader = Thread.ofVirtual().start(() -> readInto(output, running));
      if (!process.waitFor(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS)) {
        return new Result(
            -1, output + "\n" + words.getFirst() + " took longer than " + limit.toSeconds() + " s");
      }
      reader.join(Duration.ofSeconds(1));
      return new Result(process.exitValue(), output.toString());
    } catch (IOException e) {
      return new Result(127, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(-1, words.getFirst() + " was interrupted");
    } finally {
      if (process != null && process.isAlive()) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
  }

  private static void readInto(StringBuffer output, Process process) {
    try (var lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line; (line = lines.readLine()) != null; ) {
        output.append(line).append('\n');
      }
    } catch (IOException e) {
      output.append(e.getMessage()).append('\n');
    }
  }

  /** The path of a program; the system folders are searched even if PATH lacks them. */
  static Optional<Path> findExecutable(String program) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.concat(
            Stream.of(path.split(":")), Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin"))
        .filter(folder -> folder.startsWith("/"))
        .map(folder -> Path.of(folder, program))
        .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
        .findFirst();
  }
}
