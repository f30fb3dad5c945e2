package dev.threadmill.tools.code;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.threadmill.api.Json;
import dev.threadmill.sandbox.Sandbox;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import dev.threadmill.testing.ToolRuns;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The session of a thread whose files are deleted, and that is deleted itself. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(90)
class CodeSessionsTest {
  private final ApiClient api = ApiClient.user();
  private final ToolRuns runs = new ToolRuns(api);
  @Inject Sandbox sandbox;
  FakeProvider provider;

  @BeforeEach
  void requireSandbox() {
    provider.reset();
    var state = sandbox.availability();
    assumeTrue(state.isAvailable(), state.line());
  }

  /** Runs code on a thread; returns what it printed. */
  private String printed(String assistant, String thread, String code) {
    provider.reply(
        Reply.call("code_interpreter", Json.write(Map.of("code", code))), Reply.text("Done."));
    var run =
        api.post(
            "/v1/threads/%s/runs".formatted(thread),
            "{\"assistant_id\": \"%s\"}".formatted(assistant));
    assertThat(run.status()).as(run.text()).isEqualTo(200);
    return runs.stopped(run.json())
        .calls()
        .getFirst()
        .at("/code_interpreter/outputs/0/logs")
        .asText();
  }

  @Test
  void aDeletedFileLeavesTheSessionThatKeepsItsVariablesAndADeletedThreadEndsIt() {
    var assistant = runs.assistant("gpt-4o", "", "{\"type\": \"code_interpreter\"}");
    var file =
        new FormBody()
            .field("purpose", "assistants")
            .file("file", "data.csv", "text/csv", "a\n1\n".getBytes())
            .post(api, "/v1/files")
            .id();
    var thread =
        api.post(
                "/v1/threads",
                """
                {"messages": [{"role": "user", "content": "Read it"}],
                 "tool_resources": {"code_interpreter": {"file_ids": ["%s"]}}}
                """
                    .formatted(file))
            .id();
    assertThat(printed(assistant, thread, "import os\nx = 5\nos.listdir('.')"))
        .contains("['data.csv']");

    api.delete("/v1/files/" + file);

    assertThat(printed(assistant, thread, "x, os.listdir('.')")).contains("(5, [])");

    api.delete("/v1/threads/" + thread);

    Awaitility.await().untilAsserted(() -> assertThat(sandbox.find(thread)).isEmpty());
  }
}
