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
 * The official SDK for Python drives the server: the last releases of its major versions, with
 * strict validation of the answers. The scenarios are in src/test/sdk/python.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class PythonSdkTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "python").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @ParameterizedTest(name = "openai {0}")
  @ValueSource(strings = {"1.109.1", "2.54.0", "3.3.1"})
  void everyScenarioPasses(String version) {
    Toolchain.require("PyPI openai " + version, "python3");
    var packages = installedPackages(version);

    var outcome =
        Command.in(SCRIPTS, "python3", "-B", "main.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("openai " + version).contains("\nOK");
  }

  /** In a folder of their own: nothing is installed for anybody else on the machine. */
  private static Path installedPackages(String version) {
    var sdk = "PyPI openai " + version;
    var pip = Command.in(Path.of("."), "python3", "-m", "pip", "--version");
    var about = pip.run(Duration.ofSeconds(30));
    if (!about.isSuccess()) {
      Toolchain.skip(sdk + " is not driven: python3 on this machine has no pip");
    }
    return Toolchain.installed(
        sdk,
        "python-" + version,
        about.output(),
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
                "openai==" + version));
  }
}
