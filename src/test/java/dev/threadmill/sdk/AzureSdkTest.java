package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Azure's clients drive the server as they are, with nothing but its address and its key: Python's
 * AzureOpenAI and azure-ai-agents, Node's AzureOpenAI and {@code @azure/openai-assistants}. The
 * scenarios are in src/test/sdk/azure.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class AzureSdkTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "azure").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final String AGENTS = "azure-ai-agents==1.1.0";
  private static final String OPENAI = "openai==2.54.0";

  @Test
  void theClientsForPython() {
    var sdk = "PyPI " + AGENTS;
    Toolchain.require(sdk, "python3");
    var pip =
        Command.in(Path.of("."), "python3", "-m", "pip", "--version").run(Duration.ofSeconds(30));
    if (!pip.isSuccess()) {
      Toolchain.skip(sdk + " is not driven: python3 on this machine has no pip");
    }
    var packages =
        Toolchain.installed(
            sdk,
            "azure-python",
            pip.output() + AGENTS + OPENAI,
            folder ->
                Command.in(
                    folder,
                    "python3",
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--target",
                    folder.toString(),
                    AGENTS,
                    OPENAI));

    var outcome =
        Command.in(SCRIPTS.resolve("python"), "python3", "-B", "main.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("\nOK");
  }

  @Test
  void theClientsForNode() throws IOException {
    Toolchain.require("npm @azure/openai-assistants", "node", "npm");
    var node = SCRIPTS.resolve("node");
    var packages =
        Toolchain.installed(
            "npm @azure/openai-assistants",
            "azure-node",
            Files.readString(node.resolve("package-lock.json")),
            folder -> {
              copy(node, folder, List.of("package.json", "package-lock.json"));
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
    // Node looks for packages from where a script lies.
    var folder = Files.createDirectories(Path.of("target", "sdk", "azure-node").toAbsolutePath());
    Files.write(folder.resolve("main.mjs"), Files.readAllBytes(node.resolve("main.mjs")));
    Files.deleteIfExists(folder.resolve("node_modules"));
    Files.createSymbolicLink(folder.resolve("node_modules"), packages.resolve("node_modules"));

    var outcome =
        Command.in(folder, "node", "--no-warnings", "--test-reporter=spec", "main.mjs")
            .with(SdkCaller.ofNewProject().environment("NODE_ENV", "test"))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("fail 0").doesNotContain("pass 0");
  }

  private static void copy(Path from, Path to, List<String> names) {
    try {
      for (var name : names) {
        Files.copy(from.resolve(name), to.resolve(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
