package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pages of what is large end early, say that there is more, and leave nothing out. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class LargePagesTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int ELEMENTS = 12;
  private static final String LARGE = "large ".repeat(1_000_000 / 6);

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  @BeforeEach
  void forget() {
    provider.reset();
  }

  @Test
  void assistantsWithLargeTools() {
    var ids = new ArrayList<String>();
    var before = user.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    for (int i = 0; i < ELEMENTS; i++) {
      var assistant = withALargeTool(JSON.objectNode().put("model", "gpt-4o"));
      ids.add(created(user.post("/v1/assistants", assistant.toString())));
    }

    var pages = pages("/v1/assistants", "&order=asc&after=" + before, LargePagesTest::id);

    assertThat(pages).hasSizeGreaterThan(1);
    assertThat(flat(pages)).startsWith(ids.toArray(String[]::new));
    assertThat(
            flat(pages("/v1/assistants", "&order=desc&before=" + ids.get(2), LargePagesTest::id)))
        .contains(ids.get(3))
        .doesNotContain(ids.get(2));
    ids.forEach(id -> user.delete("/v1/assistants/" + id));
  }

  @Test
  void runsWithLargeTools() {
    provider.otherwise(_ -> Reply.text("Done."));
    var conversation = Conversation.of(user, "gpt-4o", "Go.");
    var ids = new ArrayList<String>();
    for (int i = 0; i < ELEMENTS; i++) {
      var answer = conversation.run(withALargeTool(conversation.body()));
      ids.add(created(answer));
      conversation.until(answer.json(), "completed", "failed", "incomplete");
    }

    var pages = pages(conversation.path() + "/runs", "&order=asc", LargePagesTest::id);

    assertThat(pages).hasSizeGreaterThan(1);
    assertThat(flat(pages)).isEqualTo(ids);
  }

  @Test
  void stepsWithLargeOutputs() {
    var replies = new ArrayList<Reply>();
    for (int i = 0; i < ELEMENTS; i++) {
      replies.add(Reply.call("look", view(i)));
    }
    replies.add(Reply.text("Done."));
    provider.reply(replies.toArray(Reply[]::new));
    var conversation = Conversation.of(user, "gpt-4o", "Look.", "look");
    var run = conversation.run();
    for (int i = 0; i < ELEMENTS; i++) {
      run = conversation.until(run, "requires_action", "completed");
      var body = JSON.objectNode();
      body.putArray("tool_outputs")
          .addObject()
          .put("tool_call_id", Conversation.calls(run).getFirst())
          .put("output", LARGE);
      run = conversation.submit(run, body).json();
    }
    conversation.until(run, "completed", "incomplete");

    var pages =
        pages(
            conversation.path(run) + "/steps",
            "&order=asc",
            step -> step.at("/step_details/tool_calls/0/function/arguments").asText());

    assertThat(pages).hasSizeGreaterThan(1);
    assertThat(flat(pages).subList(0, ELEMENTS))
        .isEqualTo(IntStream.range(0, ELEMENTS).mapToObj(LargePagesTest::view).toList());
  }

  private static String view(int number) {
    return "{\"view\": %d}".formatted(number);
  }

  private static ObjectNode withALargeTool(ObjectNode body) {
    var function = body.putArray("tools").addObject().put("type", "function").putObject("function");
    function.put("name", "look").putObject("parameters").put("type", "object").put("title", LARGE);
    return body;
  }

  private static String created(ApiClient.Response answer) {
    assertThat(answer.status()).as("%.300s", answer.text()).isEqualTo(200);
    return answer.id();
  }

  private static String id(JsonNode element) {
    return element.path("id").asText();
  }

  /** The fields of each element of a list, page by page. */
  private List<List<String>> pages(String path, String query, Function<JsonNode, String> shown) {
    var pages = new ArrayList<List<String>>();
    var next = query;
    boolean more = true;
    while (more) {
      var page = user.get(path + "?limit=100" + next).json();
      var listed = new ArrayList<String>();
      page.path("data").forEach(element -> listed.add(shown.apply(element)));
      pages.add(listed);
      more = page.path("has_more").asBoolean() && !query.contains("before");
      next = query.replaceAll("&after=.*", "") + "&after=" + page.path("last_id").asText();
    }
    return pages;
  }

  private static List<String> flat(List<List<String>> pages) {
    return pages.stream().flatMap(List::stream).toList();
  }
}
