package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of README.md, docs/quickstart.md and docs/events.md, run as they stand. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class DocumentedSnippetsTest {
  private static final Path README = Path.of("README.md");
  private static final Path QUICKSTART = Path.of("docs", "quickstart.md");
  private static final Path EVENTS = Path.of("docs", "events.md");
  private static final String ADDRESS = "http://127.0.0.1:8080";
  private static final Pattern KEY = Pattern.compile("(?<=KEY=|api_key=\"|apiKey: \")…");
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path folder;
  private final SdkCaller caller = SdkCaller.ofNewProject();

  @Test
  void theCurlCommandsStreamARunThroughItsFunctionCall() throws IOException {
    Toolchain.require("curl", "bash", "curl");

    var output = run("sh", snippet(QUICKSTART, "sh"), "bash", "");

    assertThat(output)
        .contains("event: thread.run.requires_action")
        .contains("event: thread.run.completed")
        .contains("The tool get_weather answered: sunny, 21 degrees")
        .doesNotContain("\"error\"");
  }

  @Test
  void thePythonSnippetsAnswerAndCallTheFunction() throws IOException {
    var packages = PythonPackages.installed("openai==" + PythonSdkTest.NEWEST).toString();

    assertThat(run("py", snippet(README, "python"), "python3", packages))
        .contains("I am the rehearsal model");
    assertThat(run("py", snippet(QUICKSTART, "python"), "python3", packages))
        .contains("completed")
        .contains("The tool get_weather answered: sunny in Ulm, 21 degrees");
  }

  @Test
  void thePythonSnippetReceivesAWebhook() throws IOException {
    var packages = PythonPackages.installed("openai==" + PythonSdkTest.NEWEST).toString();

    assertThat(run("py", snippet(EVENTS, "python"), "python3", packages))
        .contains("received run.completed evt_")
        .contains("answered 200");
  }

  @Test
  void theNodeSnippetStreamsAndCallsTheFunction() throws IOException {
    var packages = NodePackages.installed(NodeSdkTest.SCRIPTS);
    Files.createDirectory(folder.resolve("node_modules"));
    Files.createSymbolicLink(
        folder.resolve("node_modules/openai"), packages.resolve("openai7").toRealPath());

    assertThat(run("mjs", snippet(QUICKSTART, "js"), "node", ""))
        .contains("The tool get_weather answered: sunny in Ulm, 21 degrees")
        .contains("completed");
  }

  private String run(String suffix, String snippet, String program, String pythonPath)
      throws IOException {
    assertThat(snippet).contains(ADDRESS).containsPattern(KEY);
    var file = folder.resolve("snippet." + suffix);
    Files.writeString(
        file, KEY.matcher(snippet.replace(ADDRESS, caller.baseUrl())).replaceAll(caller.apiKey()));
    var outcome =
        Command.in(folder, program, file.toString())
            .with(caller.environment("PYTHONPATH", pythonPath))
            .run(LIMIT);
    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    return outcome.output();
  }

  /** The only block of a page in this language that creates a client or sets a key. */
  private static String snippet(Path page, String language) throws IOException {
    return Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
        .matcher(Files.readString(page))
        .results()
        .map((MatchResult block) -> block.group(1))
        .filter(text -> text.contains("…"))
        .reduce(
            (_, _) -> {
              throw new AssertionError(page + " has more than one such snippet in " + language);
            })
        .orElseThrow();
  }
}
