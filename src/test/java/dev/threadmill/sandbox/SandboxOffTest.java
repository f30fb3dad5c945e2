package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusMock;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs on a server that runs no code. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class SandboxOffTest {
  private final ToolRuns runs = new ToolRuns(ApiClient.user());
  FakeProvider provider;

  /** The class itself, with the setting of a server that runs no code. */
  @BeforeEach
  void switchOff() {
    provider.reset();
    var config = SandboxFixture.config(Map.of("kind", "off"));
    var off = new LocalSandbox(config, Path.of("/nonexistent"), InstantSource.system());
    QuarkusMock.installMockForType(off, LocalSandbox.class);
  }

  @Test
  void aRunThatCallsTheCodeInterpreterFailsWithTheReason() {
    provider.reply(
        Reply.call("code_interpreter", "{\"code\": \"1\"}"), Reply.text("Never reached."));

    var run = runs.run(runs.assistant("gpt-4o", "", "{\"type\": \"code_interpreter\"}"), "Compute");

    assertThat(run.status()).isEqualTo("failed");
    assertThat(run.run().at("/last_error/code").asText()).isEqualTo("server_error");
    assertThat(run.run().at("/last_error/message").asText())
        .isEqualTo("Running code is off on this server: THREADMILL_SANDBOX is 'off'.");
    assertThat(run.steps().getFirst().path("status").asText()).isEqualTo("failed");
    assertThat(provider.requests()).hasSize(1);
  }

  @Test
  void aRunThatDoesNotCallItIsNotAffected() {
    provider.reply(Reply.text("Hello."));

    var run = runs.run(runs.assistant("gpt-4o", "", "{\"type\": \"code_interpreter\"}"), "Hello");

    assertThat(run.status()).isEqualTo("completed");
  }
}
