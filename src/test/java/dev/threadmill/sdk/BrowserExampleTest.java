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
import org.junit.jupiter.api.Test;

/**
 * The example page of docs/browsers.md in a real browser. The script is in src/test/sdk/browser.
 * The test is skipped on a machine without Chromium.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class BrowserExampleTest {
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "browser").toAbsolutePath();
  private static final Path PAGE = Path.of("docs", "examples", "browser").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @Test
  void thePageGetsATokenOpensAThreadStreamsARunAndResumesAfterACut() {
    var browser = Browser.path();
    var scripts = NodePackages.besideTheirPackages(SCRIPTS);
    var caller = SdkCaller.ofNewProject();
    var assistant =
        ApiClient.withKey(caller.apiKey()).post("/v1/assistants", "{\"model\": \"rehearsal\"}");
    var environment = new HashMap<>(caller.environment("ASSISTANT_ID", assistant.id()));
    environment.put("BACKEND", PAGE.resolve("backend.mjs").toString());
    environment.put("CHROMIUM", browser);

    var outcome =
        Command.in(scripts, "node", "--no-warnings", "main.mjs").with(environment).run(LIMIT);

    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).contains("ok: the page was driven");
  }
}
