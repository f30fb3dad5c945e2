package dev.threadmill.projects;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Models and hosts with regions; needs a default provider. */
public final class RegionsResource implements QuarkusTestResourceLifecycleManager {
  private Path file;

  @Override
  public Map<String, String> start() {
    try {
      file = Files.createTempFile("models", ".yaml");
      Files.writeString(
          file,
          """
          models:
            - {name: european, provider: openai, region: eu}
            - {name: american, provider: openai, region: us}
          """);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.of(
        "threadmill.models.file", file.toString(), "threadmill.egress.regions", "127.0.0.1=us");
  }

  @Override
  public void stop() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
