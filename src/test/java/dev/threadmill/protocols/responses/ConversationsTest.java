package dev.threadmill.protocols.responses;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Conversations and threads name the same rows. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class ConversationsTest {
  private static final String CALL =
      "{\"type\": \"function_call\", \"call_id\": \"%s\", \"name\": \"f\", \"arguments\": \"{}\"}";
  private static final String OUTPUT =
      "{\"type\": \"function_call_output\", \"call_id\": \"%s\", \"output\": \"%s\"}";

  private final ApiClient user = ApiClient.user();
  private final String model = "conv-" + UUID.randomUUID();
  FakeProvider provider;

  @BeforeEach
  void beginAnew() {
    provider.reset();
  }

  private JsonNode created(String body) {
    var response = user.post("/v1/conversations", body);
    assertThat(response.status()).as(response.text()).isEqualTo(200);
    return response.json();
  }

  private static String items(JsonNode conversation) {
    return "/v1/conversations/" + conversation.path("id").asText() + "/items";
  }

  private ApiClient.Response add(JsonNode conversation, String... items) {
    return user.post(items(conversation), "{\"items\": [" + String.join(", ", items) + "]}");
  }

  private List<String> shown(JsonNode conversation) {
    var shown = new ArrayList<String>();
    user.get(items(conversation) + "?order=asc&limit=100")
        .json()
        .path("data")
        .forEach(
            item ->
                shown.add(
                    item.path("type").asText()
                        + " "
                        + item.path("role").asText(item.path("call_id").asText())));
    return shown;
  }

  @Test
  void conversationsAreListedNewestFirstAndPaged() {
    var first = user.post("/v1/conversations", "{}").id();
    var second = user.post("/v1/conversations", "{}").id();

    var page = user.get("/v1/conversations?limit=1&after=" + second).json();

    assertThat(page.at("/data/0/id").asText()).isEqualTo(first);
    assertThat(page.path("last_id").asText()).isEqualTo(first);
    assertThat(page.at("/data/0/object").asText()).isEqualTo("conversation");
  }

  @Test
  void aConversationIsAThreadOfTheSameIdAndBack() {
    var conversation =
        created(
            "{\"items\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"metadata\": {\"a\": \"b\"}}");
    var thread = conversation.path("id").asText().replace("conv_", "thread_");

    assertThat(conversation.path("object").asText()).isEqualTo("conversation");
    assertThat(conversation.path("metadata").toString()).isEqualTo("{\"a\":\"b\"}");
    assertThat(user.get("/v1/threads/" + thread).json().path("metadata").toString())
        .isEqualTo("{\"a\":\"b\"}");
    assertThat(user.get("/v1/conversations/" + thread).json()).isEqualTo(conversation);
    var added =
        user.post(
            "/v1/threads/" + thread + "/messages",
            "{\"role\": \"assistant\", \"content\": \"Hello\"}");
    var read = user.get(items(conversation) + "/" + added.id()).json();
    assertThat(read.at("/content/0/type").asText()).isEqualTo("output_text");
    assertThat(read.at("/content/0/annotations").isArray()).isTrue();
    assertThat(shown(conversation)).containsExactly("message user", "message assistant");
  }

  @Test
  void metadataIsReplacedAndADeletedConversationIsGone() {
    var conversation = created("{}");
    var path = "/v1/conversations/" + conversation.path("id").asText();

    assertThat(user.post(path, "{\"metadata\": {\"x\": \"y\"}}").json().at("/metadata/x").asText())
        .isEqualTo("y");
    var deleted = user.delete(path).json();
    assertThat(deleted.path("object").asText()).isEqualTo("conversation.deleted");
    assertThat(deleted.path("deleted").asBoolean()).isTrue();
    var missing = user.get(path);
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.error().path("message").asText())
        .isEqualTo(
            "Conversation with id '%s' not found.".formatted(conversation.path("id").asText()));
  }

  @Test
  void itemsArePagedByTheirIdsInBothDirections() {
    var conversation = created("{\"items\": []}");
    for (int i = 0; i < 3; i++) {
      add(
          conversation,
          "{\"role\": \"user\", \"content\": \"%d\"}".formatted(i),
          CALL.formatted("call_" + i),
          OUTPUT.formatted("call_" + i, "out"));
    }
    var all = shown(conversation);

    for (var order : List.of("asc", "desc")) {
      var seen = new ArrayList<String>();
      var after = "";
      for (JsonNode page = null; page == null || page.path("has_more").asBoolean(); ) {
        page = user.get(items(conversation) + "?limit=2&order=" + order + after).json();
        page.path("data").forEach(item -> seen.add(item.path("id").asText()));
        after = "&after=" + page.path("last_id").asText();
      }
      assertThat(seen).hasSize(9).doesNotHaveDuplicates();
    }
    assertThat(all)
        .startsWith("message user", "function_call call_0", "function_call_output call_0")
        .hasSize(9);
  }

  @Test
  void theOutputOfACallMayFollowLaterAndACallAndItsOutputAreDeletedTogether() {
    var conversation = created("{}");
    var call = add(conversation, CALL.formatted("call_late"));
    assertThat(call.status()).as(call.text()).isEqualTo(200);

    var output = add(conversation, OUTPUT.formatted("call_late", "done"));

    assertThat(output.json().at("/data/0/output").asText()).as(output.text()).isEqualTo("done");
    assertThat(shown(conversation))
        .containsExactly("function_call call_late", "function_call_output call_late");
    var deleted = user.delete(items(conversation) + "/" + call.json().at("/data/0/id").asText());
    assertThat(deleted.json().path("object").asText()).isEqualTo("conversation");
    assertThat(shown(conversation)).isEmpty();
  }

  @Test
  void anOutputWithoutItsCallIsRefusedWithTheTextThatClientsKnow() {
    var refused = add(created("{}"), OUTPUT.formatted("call_none", "x"));

    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.error().path("message").asText())
        .isEqualTo("No tool call found for function call output with call_id call_none.");
    assertThat(refused.error().path("param").asText()).isEqualTo("input");
    assertThat(refused.error().path("code").isNull()).isTrue();
  }

  @Test
  void theOutputOfACallThatARunWaitsForContinuesTheRun() {
    provider.replyTo(model, Reply.call("ask", "{}"), Reply.text("Thanks."));
    var conversation = Conversation.of(user, model, "Go", "ask");
    var waiting = conversation.until(conversation.run(), "requires_action");
    var call = Conversation.calls(waiting).getFirst();
    var id = conversation.thread().replace("thread_", "conv_");

    var added =
        user.post(
            "/v1/conversations/" + id + "/items",
            "{\"items\": [" + OUTPUT.formatted(call, "42") + "]}");

    assertThat(added.status()).as(added.text()).isEqualTo(200);
    conversation.until(waiting, "completed");
    var types = new ArrayList<String>();
    user.get("/v1/conversations/" + id + "/items?order=asc")
        .json()
        .path("data")
        .forEach(item -> types.add(item.path("type").asText()));
    assertThat(types)
        .containsExactly("message", "function_call", "function_call_output", "message");
  }

  @Test
  void systemMessagesKeepTheirRoleAndImagesTheirAddress() {
    var conversation = created("{}");

    add(
        conversation,
        "{\"role\": \"developer\", \"content\": \"Be brief.\"}",
        """
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"},
         {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}]}""");

    var data = user.get(items(conversation) + "?order=asc").json().path("data");
    assertThat(data.at("/0/role").asText()).isEqualTo("developer");
    assertThat(data.at("/1/content/1/image_url").asText()).isEqualTo("https://example.com/a.png");
    assertThat(data.at("/1/content/1/detail").asText()).isEqualTo("low");
  }

  @Test
  void wrongItemsAreRefusedByTheirPlace() {
    var conversation = created("{}");

    for (var wrong :
        List.of(
            "17",
            "{}",
            "{\"type\": \"nothing\"}",
            "{\"role\": \"user\"}",
            "{\"role\": \"user\", \"content\": \"\"}",
            "{\"role\": \"captain\", \"content\": \"x\"}",
            "{\"type\": \"function_call\", \"call_id\": \"call_1\"}",
            "{\"type\": \"reasoning\", \"encrypted_content\": \"v1.a.b\"}",
            "{\"role\": \"user\", \"content\": [{\"type\": \"input_file\", \"file_id\": \"file-x\"}]}")) {
      var refused = add(conversation, wrong);
      assertThat(refused.status()).as(wrong + refused.text()).isEqualTo(400);
      assertThat(refused.error().path("param").asText())
          .as(wrong)
          .matches("(?:items|input)\\[0\\].*");
    }
    assertThat(user.post(items(conversation), "{}").status()).isEqualTo(400);
    assertThat(user.get(items(conversation) + "?include[]=everything").status()).isEqualTo(400);
    assertThat(shown(conversation)).isEmpty();
  }

  @Test
  void anotherProjectSeesNothing() {
    var conversation = created("{}");
    var stranger = ApiClient.stranger();
    var path = "/v1/conversations/" + conversation.path("id").asText();

    assertThat(stranger.get(path).status()).isEqualTo(404);
    assertThat(stranger.get(path + "/items").status()).isEqualTo(404);
    assertThat(stranger.delete(path).status()).isEqualTo(404);
    assertThat(stranger.post(path, "{\"metadata\": {}}").status()).isEqualTo(404);
  }
}
