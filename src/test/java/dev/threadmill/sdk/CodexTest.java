package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Codex CLI, unmodified, does a task with tool calls. It stores nothing and sends its history. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class CodexTest {
  private static final Path PACKAGE = Path.of("src", "test", "sdk", "codex").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path folder;
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  @Test
  void itRunsTheCommandsOfTheModelAndReportsTheAnswer() throws IOException {
    var codex = NodePackages.installed(PACKAGE).resolve("@openai/codex/bin/codex.js");
    var caller = SdkCaller.ofNewProject();
    var model = "codex-" + UUID.randomUUID();
    provider.replyTo(
        model,
        Reply.call("exec_command", "{\"cmd\": \"echo forty-two > answer.txt\"}")
            .withReasoning("I write the file first."),
        Reply.call("exec_command", "{\"cmd\": \"cat answer.txt\"}"),
        Reply.text("The file says forty-two."));
    var work = Files.createDirectory(folder.resolve("work"));
    var home = Files.createDirectory(folder.resolve("home"));
    Files.writeString(
        home.resolve("config.toml"),
        """
        model = "%s"
        model_provider = "threadmill"
        check_for_update_on_startup = false

        [analytics]
        enabled = false

        [model_providers.threadmill]
        name = "Threadmill"
        base_url = "%s/v1"
        env_key = "THREADMILL_API_KEY"
        wire_api = "responses"
        supports_websockets = false
        """
            .formatted(model, caller.baseUrl()));

    var outcome =
        Command.in(
                work,
                "node",
                codex.toString(),
                "exec",
                "--skip-git-repo-check",
                "--dangerously-bypass-approvals-and-sandbox",
                "Write forty-two into answer.txt and read it back.")
            .with(
                Map.of(
                    "THREADMILL_API_KEY",
                    caller.apiKey(),
                    "CODEX_HOME",
                    home.toString(),
                    "NO_COLOR",
                    "1"))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("The file says forty-two.");
    var offered = provider.lastRequest().body().path("tools").findValuesAsText("name");
    assertThat(work.resolve("answer.txt")).as("tools: %s", offered).hasContent("forty-two");
    var messages = provider.lastRequest().body().path("messages").toString();
    assertThat(messages).contains("forty-two > answer.txt", "cat answer.txt");
  }
}
