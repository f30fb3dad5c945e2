package dev.threadmill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.projects.BootstrapKeys.GeneratedKeys;
import dev.threadmill.projects.Secret;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StartupBannerTest {
  private static final Secret KEY = new Secret("key-of-the-project");

  @Test
  void theFirstStartPrintsKeysAndSnippetsThatCanBePasted() {
    var keys = new GeneratedKeys(Optional.of(new Secret("key-of-the-admin")), Optional.of(KEY));

    var text = StartupBanner.text("http://127.0.0.1:8080", true, keys);

    assertThat(text).contains("key-of-the-admin").endsWith("\n");
    List<String> lines = text.lines().toList();
    assertThat(lines)
        .as("Python is not indented")
        .contains(
            "from openai import OpenAI",
            "client = OpenAI(base_url=\"http://127.0.0.1:8080/v1\", api_key=\"key-of-the-project\")",
            "KEY='key-of-the-project'");
    assertThat(text).contains("curl -sN", "Ctrl-C", "console    http://127.0.0.1:8080/console");
  }

  @Test
  void laterStartsPrintNoKeysAndSayHowToGetNewOnes() {
    var text =
        StartupBanner.text(
            "http://127.0.0.1:8080", false, new GeneratedKeys(Optional.empty(), Optional.empty()));

    assertThat(text)
        .contains("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/docs", "THREADMILL_API_KEY")
        .doesNotContain("from openai", "/console");
  }
}
