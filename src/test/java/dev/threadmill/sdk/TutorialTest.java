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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The four programs of docs/tutorial.md, run as they stand. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class TutorialTest {
  private static final Path EXAMPLES = Path.of("docs", "examples", "tutorial").toAbsolutePath();
  private static final Path SCRIPTS = Path.of("src", "test", "sdk", "typescript").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir Path folder;
  private final SdkCaller caller = SdkCaller.ofNewProject();

  private String run(String pythonPath, String... words) {
    var outcome =
        Command.in(folder, words).with(caller.environment("PYTHONPATH", pythonPath)).run(LIMIT);
    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    return outcome.output();
  }

  private static void requireAnswer(String output) {
    assertThat(output).contains("status: completed", "answer: ", "get_weather answered", "rain");
  }

  @Test
  void theProgramInPythonSearchesTheFileAndCallsTheFunction() {
    var packages = PythonPackages.installed("openai==" + PythonSdkTest.NEWEST).toString();

    var output = run(packages, "python3", EXAMPLES.resolve("tutorial.py").toString());

    requireAnswer(output);
    assertThat(output).contains("['file_search']", "['function']");
  }

  @Test
  void theProgramInTypeScriptIsCheckedAndDoesTheSame() throws IOException {
    var packages = NodePackages.installed(SCRIPTS);
    Files.createSymbolicLink(folder.resolve("node_modules"), packages);
    Files.writeString(folder.resolve("package.json"), "{\"type\": \"module\"}");
    Files.copy(EXAMPLES.resolve("tutorial.ts"), folder.resolve("tutorial.ts"));
    run(
        "",
        "node",
        packages.resolve("typescript/bin/tsc").toString(),
        "--strict",
        "--skipLibCheck",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "tutorial.ts");

    requireAnswer(run("", "node", "tutorial.js"));
  }

  @Test
  void theProgramInJavaDoesTheSame() {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    requireAnswer(
        run(
            "",
            java,
            "-cp",
            System.getProperty("java.class.path"),
            EXAMPLES.resolve("Tutorial.java").toString()));
  }

  @Test
  void theCurlCommandsDoTheSame() {
    Toolchain.require("curl", "bash", "curl", "jq");

    requireAnswer(run("", "bash", EXAMPLES.resolve("tutorial.sh").toString()));
  }
}
