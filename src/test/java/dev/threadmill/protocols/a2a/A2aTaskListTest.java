package dev.threadmill.protocols.a2a;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lists of tasks, and the history of a task. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class A2aTaskListTest extends A2aServerFixture {
  @Test
  void theTasksOfAContextAreListedPageByPage() {
    // Given
    var context = call("SendMessage", said("One")).at("/result/task/contextId").asText();
    for (var text : List.of("Two", "Three")) {
      var message = said(text);
      ((ObjectNode) message.path("message")).put("contextId", context);
      call("SendMessage", message);
    }
    var query = params().put("contextId", context).put("pageSize", 2);

    // When
    var first = call("ListTasks", query).path("result");
    var second =
        call("ListTasks", query.deepCopy().put("pageToken", first.path("nextPageToken").asText()))
            .path("result");

    // Then
    assertThat(first.path("tasks")).hasSize(2);
    assertThat(first.path("totalSize").asInt()).isEqualTo(3);
    assertThat(first.at("/tasks/0").has("artifacts")).isFalse();
    assertThat(second.path("tasks")).hasSize(1);
    assertThat(second.path("nextPageToken").asText()).isEmpty();
    assertThat(
            call("ListTasks", query.deepCopy().put("status", "TASK_STATE_FAILED"))
                .at("/result/totalSize")
                .asInt())
        .isZero();
  }

  @Test
  void tasksAreListedWithTheirArtifactsAndTheHistoryUntilTheirEnd() {
    // Given
    provider.reply(Reply.text("Alpha."), refusal("Never."), Reply.text("Gamma."));
    var context = call("SendMessage", said("One")).at("/result/task/contextId").asText();
    for (var text : List.of("Two", "Three")) {
      var message = said(text);
      ((ObjectNode) message.path("message")).put("contextId", context);
      call("SendMessage", message);
    }
    var query = params().put("contextId", context).put("includeArtifacts", true);

    // When
    var tasks = call("ListTasks", query.put("historyLength", 3)).at("/result/tasks");

    // Then
    assertThat(tasks).hasSize(3);
    assertThat(texts(tasks.at("/0/artifacts"))).containsExactly("Gamma.");
    assertThat(texts(tasks.at("/1/artifacts"))).containsExactly("Never.");
    assertThat(texts(tasks.at("/0/history"))).containsExactly("Never.", "Three", "Gamma.");
    assertThat(tasks.at("/0/history/1/role").asText()).isEqualTo("ROLE_USER");
    assertThat(tasks.at("/0/history/2/role").asText()).isEqualTo("ROLE_AGENT");
    var task = params().put("id", tasks.at("/2/id").asText());
    assertThat(call("GetTask", task).path("result").has("history")).isFalse();
  }

  @Test
  void aHistoryThatIsTooLargeStartsLater() {
    // Given
    provider.reply(Reply.text("Done."));
    var task = call("SendMessage", said("One")).at("/result/task");
    var context = task.path("contextId").asText();
    for (int i = 0; i < 4; i++) {
      var message = JsonNodeFactory.instance.objectNode().put("role", "user");
      var content = message.putArray("content");
      for (int j = 0; j < 36; j++) {
        content.addObject().put("type", "text").put("text", i + "x".repeat(250_000));
      }
      assertThat(api.post("/v1/threads/" + context + "/messages", message.toString()).status())
          .isEqualTo(200);
    }
    provider.reply(Reply.text("Done again."));
    var message = said("Two");
    ((ObjectNode) message.path("message")).put("contextId", context);
    message.putObject("configuration").put("historyLength", 50);

    // When
    var history = call("SendMessage", message).at("/result/task/history");

    // Then
    assertThat(texts(history).stream().map(text -> text.substring(0, 2)))
        .containsExactly("2x", "3x", "Tw", "Do");
  }

  private static Reply refusal(String text) {
    return Reply.streamed(
        List.of(
            new Reply.Step.Delta(JsonNodeFactory.instance.objectNode().put("refusal", text)),
            new Reply.Step.Finish("stop"),
            new Reply.Step.Done()));
  }

  private static List<String> texts(JsonNode task) {
    return task.findValues("parts").stream().map(parts -> parts.at("/0/text").asText()).toList();
  }
}
