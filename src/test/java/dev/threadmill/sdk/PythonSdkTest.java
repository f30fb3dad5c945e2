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
 * The official SDK for Python against the server: the last releases of its major versions, with
 * strict validation of the responses. The scenarios are in src/test/sdk/python.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PythonSdkTest {
  /** The newest release, which the documented snippets are run with as well. */
  static final String NEWEST = "3.57.0";

  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "python").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @ParameterizedTest(name = "openai {0}")
  @ValueSource(strings = {"1.109.1", "2.54.0", NEWEST})
  void everyScenarioPasses(String version) {
    var packages = PythonPackages.installed("openai==" + version);

    var outcome =
        Command.in(SCRIPTS, "python3", "-B", "main.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("openai " + version).contains("\nOK");
  }
}
