package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * The A2A SDK for Python, version 1.0 of the protocol, against an assistant. The scenario is in
 * src/test/sdk/a2a.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aPythonSdkTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "a2a").toAbsolutePath();
  private static final String PACKAGE = "a2a-sdk==1.3.0";
  private static final Duration LIMIT = Duration.ofMinutes(2);

  FakeProvider provider;

  @Test
  void theWholeScenarioPasses() {
    provider.reset();
    var packages = PythonPackages.installed(PACKAGE);

    var outcome =
        Command.in(SCRIPTS, "python3", "-B", "main.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("OK");
  }
}
