package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The official SDK for Node against the server: the last release of every major version with the
 * Assistants API. The scenarios are in src/test/sdk/node.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class NodeSdkTest {
  static final Path SCRIPTS = Path.of("src", "test", "sdk", "node").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @ParameterizedTest(name = "openai {0}.x")
  @ValueSource(ints = {4, 5, 6, 7})
  void everyScenarioPasses(int major) {
    var scripts = NodePackages.besideTheirPackages(SCRIPTS);

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "--test-reporter=spec", "main.mjs")
            .with(SdkCaller.ofNewProject().environment("SDK_MAJOR", Integer.toString(major)))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("fail 0").doesNotContain("pass 0");
  }
}
