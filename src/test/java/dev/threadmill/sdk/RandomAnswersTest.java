package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.RandomReply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Random answers of a model, streamed and folded by the accumulators of the official SDKs, equal
 * what is stored. {@code ResponseEncoderTest} does the same for Java.
 */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class RandomAnswersTest {
  private static final Path PYTHON = Path.of("src", "test", "sdk", "python").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(2);

  FakeProvider provider;

  @BeforeEach
  void answerAtRandom() {
    provider.reset();
    provider.otherwise(RandomReply::of);
    provider.finds(
        """
        {"results": [{"title": "Rain", "url": "https://news.example/rain", "snippet": "Wet."}]}""");
  }

  private static void assertPassed(Command.Outcome outcome) {
    assertThat(outcome.isSuccess()).as(outcome.output()).isTrue();
    assertThat(outcome.output()).endsWith("OK\n");
  }

  @Test
  void theAccumulatorForPythonFoldsEachStreamToWhatIsStored() {
    var packages = PythonPackages.installed("openai==" + PythonSdkTest.NEWEST);

    assertPassed(
        Command.in(PYTHON, "python3", "-B", "random_answers.py")
            .with(SdkCaller.ofNewProject().environment("PYTHONPATH", packages.toString()))
            .run(LIMIT));
  }

  @Test
  void theAccumulatorForNodeFoldsEachStreamToWhatIsStored() {
    var scripts = NodePackages.besideTheirPackages(NodeSdkTest.SCRIPTS);

    assertPassed(
        Command.in(scripts, "node", "--no-warnings", "random_answers.mjs")
            .with(SdkCaller.ofNewProject().environment("SDK_MAJOR", "7"))
            .run(LIMIT));
  }
}
