package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.ScriptedMcpServer;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Frameworks on top of the official SDKs, unmodified, with their agents for the Assistants API or
 * their chat models. The scenarios are in src/test/sdk/clients, src/test/sdk/agents and
 * src/test/sdk/vercel.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ClientPackagesTest {
  private static final Path CLIENTS = Path.of("src", "test", "sdk", "clients").toAbsolutePath();
  private static final Path AGENTS = Path.of("src", "test", "sdk", "agents").toAbsolutePath();
  private static final Path VERCEL = Path.of("src", "test", "sdk", "vercel").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final ScriptedMcpServer mcp = new ScriptedMcpServer();
  @Inject Sandbox sandbox;
  FakeProvider provider;

  @BeforeEach
  void findPages() {
    provider.reset();
    provider.finds(
        """
        {"results": [{"title": "Rain", "url": "https://news.example/rain", "snippet": "Wet."}]}""");
  }

  @AfterEach
  void stop() {
    mcp.close();
  }

  /** The environment of a script, with the address of a tool server and whether code can be run. */
  private Map<String, String> environment(String name, String value) {
    var all = new HashMap<>(SdkCaller.ofNewProject().environment(name, value));
    all.put("MCP_URL", mcp.url());
    all.put("CODE", Boolean.toString(sandbox.availability().isAvailable()));
    return all;
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "langchain, langchain-classic==1.0.8 langchain-openai==1.7.4",
    "llamaindex, llama-index-agent-openai==0.4.12",
    "litellm, litellm==1.110.2",
    "autogen, autogen-ext[openai]==0.7.5 autogen-agentchat==0.7.5",
    "agents, openai-agents==0.24.0 openai==3.57.0 openresponses-types==2.4.0",
  })
  void aPythonFrameworkRunsUnchangedAndCallsItsFunctions(String client, String requirements) {
    var packages = PythonPackages.installed(requirements.split(" "));

    var outcome =
        Command.in(CLIENTS, "python3", "-W", "ignore", "-B", client + "_client.py")
            .with(environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).endsWith("OK\n");
  }

  @Test
  void theAgentsSdkForNodeRunsUnchanged() {
    var scripts = NodePackages.besideTheirPackages(AGENTS);

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "main.mjs")
            .with(environment("NO_COLOR", "1"))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).endsWith("OK\n");
  }

  @Test
  void theVercelAiSdkStreamsTextAndCallsItsTools() {
    var scripts = NodePackages.besideTheirPackages(VERCEL);

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "main.mjs")
            .with(environment("NO_COLOR", "1"))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).endsWith("OK\n");
  }
}
