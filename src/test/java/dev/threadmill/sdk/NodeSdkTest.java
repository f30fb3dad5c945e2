package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The official SDK for Node drives the server: the last release of every major version that speaks
 * the Assistants API. The scenarios are in src/test/sdk/node.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class NodeSdkTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "node").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @ParameterizedTest(name = "openai {0}.x")
  @ValueSource(ints = {4, 5, 6, 7})
  void everyScenarioPasses(int major) throws IOException {
    Toolchain.require("npm openai", "node", "npm");
    var scripts = scriptsBesideTheirPackages();

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "--test-reporter=spec", "main.mjs")
            .with(SdkCaller.ofNewProject().environment("SDK_MAJOR", Integer.toString(major)))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("fail 0").doesNotContain("pass 0");
  }

  /** Node looks for packages from where a script lies. */
  private static Path scriptsBesideTheirPackages() throws IOException {
    var packages = installedPackages();
    var folder = Path.of("target", "sdk", "node").toAbsolutePath();
    Files.createDirectories(folder);
    try (var scripts = Files.list(SCRIPTS)) {
      for (var script : scripts.filter(file -> file.toString().endsWith(".mjs")).toList()) {
        Files.write(folder.resolve(script.getFileName()), Files.readAllBytes(script));
      }
    }
    var link = folder.resolve("node_modules");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, packages.resolve("node_modules"));
    return folder;
  }

  private static Path installedPackages() throws IOException {
    var lock = Files.readString(SCRIPTS.resolve("package-lock.json"));
    return Toolchain.installed(
        "npm openai",
        "node",
        lock,
        folder -> {
          copyTo(folder, List.of("package.json", "package-lock.json"));
          return Command.in(
              folder,
              "npm",
              "ci",
              "--ignore-scripts",
              "--no-audit",
              "--no-fund",
              "--no-update-notifier",
              "--prefer-offline");
        });
  }

  private static void copyTo(Path folder, List<String> names) {
    try {
      for (var name : names) {
        Files.copy(SCRIPTS.resolve(name), folder.resolve(name));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
