package dev.threadmill.limits;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A models file in which the model {@code priced} has a price, and others have regions; needs a
 * default provider.
 */
public final class PricedModels implements QuarkusTestResourceLifecycleManager {
  private Path file;

  @Override
  public Map<String, String> start() {
    try {
      file = Files.createTempFile("models", ".yaml");
      Files.writeString(
          file,
          """
          models:
            - name: priced
              provider: openai
              model: gpt-4o
              max_output: 1000
              price: {input: 10, output: 100}
            - {name: european, provider: openai, region: eu}
            - {name: american, provider: openai, region: us}
          """);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.of("threadmill.models.file", file.toString());
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
