package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Azure's clients, unmodified, with the server's address and key: Python's AzureOpenAI and
 * azure-ai-agents, Node's AzureOpenAI and {@code @azure/openai-assistants}. The scenarios are in
 * src/test/sdk/azure.
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
    var packages = PythonPackages.installed(AGENTS, OPENAI);

    var outcome =
        Command.in(SCRIPTS.resolve("python"), "python3", "-B", "main.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("\nOK");
  }

  @Test
  void theClientsForNode() {
    var scripts = NodePackages.besideTheirPackages(SCRIPTS.resolve("node"));

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "--test-reporter=spec", "main.mjs")
            .with(SdkCaller.ofNewProject().environment("NODE_ENV", "test"))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("fail 0").doesNotContain("pass 0");
  }
}
