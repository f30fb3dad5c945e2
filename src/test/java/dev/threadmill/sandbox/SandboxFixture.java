package dev.threadmill.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.api.ProjectId;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;

/** A sandbox of a test, with a home of its own. */
final class SandboxFixture implements AutoCloseable {
  static final ProjectId PROJECT = new ProjectId("proj_sandbox");

  final Path home;
  final LocalSandbox sandbox;

  SandboxFixture(Map<String, String> settings) throws IOException {
    this(settings, InstantSource.system());
  }

  SandboxFixture(Map<String, String> settings, InstantSource clock) throws IOException {
    home = Files.createTempDirectory("threadmill-sandbox");
    sandbox = new LocalSandbox(config(settings), home, clock);
  }

  private SandboxFixture(Path home, LocalSandbox sandbox) {
    this.home = home;
    this.sandbox = sandbox;
  }

  /** The sandbox of a server that runs as this ordinary user, for tests that run as root. */
  static SandboxFixture ofUser(int user, Map<String, String> settings) throws IOException {
    var home = Files.createTempDirectory("threadmill-sandbox");
    LocalSandbox.CageFactory factory =
        (config, folder) -> {
          var files = SandboxFiles.write(folder.resolve("sandbox"), 1000);
          var python = Python.find(config, folder);
          var cage = new Bubblewrap(config, files, python, false);
          return new Cages(new StartedAsUser(user, folder, cage), python.program(), null);
        };
    return new SandboxFixture(
        home, new LocalSandbox(config(settings), home, InstantSource.system(), factory));
  }

  /** The settings with these values in place of the defaults. */
  static SandboxConfig config(Map<String, String> settings) {
    var values = new HashMap<String, String>();
    values.put("threadmill.sandbox.processes", "40");
    values.put("threadmill.sandbox.timeout", "10s");
    var fetched = System.getenv("THREADMILL_SANDBOX_BWRAP");
    if (fetched != null) {
      values.put("threadmill.sandbox.bwrap", fetched);
    }
    settings.forEach((name, value) -> values.put("threadmill.sandbox." + name, value));
    return new SmallRyeConfigBuilder()
        .withMapping(SandboxConfig.class)
        .withConverter(Duration.class, 200, new DurationConverter())
        .withSources(new PropertiesConfigSource(values, "test", 500))
        .build()
        .getConfigMapping(SandboxConfig.class);
  }

  /** Skips the test, with a line that says why, where no code can be run. */
  SandboxFixture requireAvailable() {
    var state = sandbox.availability();
    assumeTrue(state.isAvailable(), state.line());
    return this;
  }

  SandboxSession open(String key) throws Exception {
    var session = sandbox.open(PROJECT, key);
    assertThat(session.isAlive()).isTrue();
    return session;
  }

  @Override
  public void close() {
    sandbox.close();
    SessionFolder.delete(home);
  }
}
