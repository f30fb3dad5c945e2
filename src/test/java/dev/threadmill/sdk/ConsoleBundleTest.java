package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console that the server serves is the one that its sources build. Skipped on a machine
 * without Node or a connection to npm's registry.
 */
class ConsoleBundleTest {
  private static final Path SOURCES = Path.of("src", "main", "console").toAbsolutePath();
  private static final Path COMMITTED = Path.of("src", "main", "resources", "console");
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path folder;

  @Test
  void theCommittedBundleIsWhatItsSourcesBuild() throws IOException {
    var packages = NodePackages.installed(SOURCES);
    var sources = folder.resolve("console");
    copy(SOURCES, sources);
    Files.createSymbolicLink(sources.resolve("node_modules"), packages);
    var output = folder.resolve("out");

    var checked = run(sources, "node", "node_modules/typescript/bin/tsc", "--noEmit");
    var built = run(sources, "node", "node_modules/vite/bin/vite.js", "build");

    assertThat(checked.isSuccess()).as(checked.output()).isTrue();
    assertThat(built.isSuccess()).as(built.output()).isTrue();
    assertThat(contents(output))
        .as("run 'npm ci && npm run build' in src/main/console and commit the result")
        .isEqualTo(contents(COMMITTED));
  }

  private Command.Outcome run(Path sources, String... words) {
    var environment = Map.of("CONSOLE_OUT", folder.resolve("out").toString());
    return Command.in(sources, words).with(environment).run(LIMIT);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (var file : files.toList()) {
        var target = to.resolve(from.relativize(file).toString());
        boolean isPackage = from.relativize(file).startsWith("node_modules");
        if (isPackage) {
          continue;
        }
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private static Map<String, String> contents(Path folder) throws IOException {
    var contents = new TreeMap<String, String>();
    try (var files = Files.walk(folder)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        contents.put(folder.relativize(file).toString(), Files.readString(file));
      }
    }
    return contents;
  }
}
