package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;

/**
 * The console in a real browser. The script is in src/test/sdk/console. The test is skipped on a
 * machine without Chromium.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ConsoleBrowserTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "console").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(5);

  @Test
  void theMainJobIsDoneByClicksAtEachSizeAndHostileTextsAreInert() {
    var browser = Browser.path();
    var scripts = NodePackages.besideTheirPackages(SCRIPTS);
    var project = ApiClient.admin().post("/v1/projects", "{\"name\": \"browser\"}").id();
    var environment = new HashMap<String, String>();
    environment.put("THREADMILL_URL", ApiClient.base());
    environment.put(
        "THREADMILL_ADMIN_KEY",
        ConfigProvider.getConfig().getValue("threadmill.keys.admin-key", String.class));
    environment.put("PROJECT", project);
    environment.put("CHROMIUM", browser);

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "main.mjs").with(environment).run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("ok: the console was driven");
  }
}
