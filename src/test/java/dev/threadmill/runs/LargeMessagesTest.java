package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
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
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large messages are read one by one, and the model sees them in their places all the same. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class LargeMessagesTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int SMALL_ONES = 400;
  private static final int LARGE = 30_000;
  private static final int HUGE_IMAGE = 9 << 20;
  private static final int TINY_PARTS = 75_000;

  private final ApiClient user = ApiClient.user();
  private final List<String> contents = new ArrayList<>();
  private String assistant;
  private String thread;
  FakeProvider provider;

  @BeforeEach
  void openAThread() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Noted."));
    assistant = user.post("/v1/assistants", "{\"model\": \"gpt-4o\"}").id();
    thread = user.post("/v1/threads", "{}").id();
  }

  @Test
  void theyAreSentWholeAndInOrderInEachRunWithWhatIsSmallAroundThem() {
    say(words("first"));
    sayInParts("in two parts", words("second"));
    for (int i = 0; i < SMALL_ONES; i++) {
      say("Message " + i + ".");
    }
    say(words("third"));
    say("Go.");

    assertThat(promptOfARun()).isEqualTo(contents);
    contents.add("Noted.");
    say("Once more.");
    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void theContextOfTheirStepIsExact() {
    say(words("first"));
    say("Go.");

    var run = run();

    var steps = user.get(path() + "/runs/" + run + "/steps").json();
    var context =
        user.get(
            path() + "/runs/" + run + "/steps/" + steps.at("/data/0/id").asText() + "/context");
    assertThat(context.json().path("exact").asBoolean()).isTrue();
    assertThat(context.text()).contains(contents.getFirst());
  }

  @Test
  void imagesThatAreMoreThanAnyProviderTakesAreCutAtTheOldestEnd() {
    for (int i = 0; i < 6; i++) {
      sayWithImage("Image " + i + ".", HUGE_IMAGE);
    }

    assertThat(promptOfARun())
        .as("six times nine megabytes are too many")
        .isEqualTo(contents.subList(1, contents.size()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"asc", "desc"})
  void aListOfThemComesInPagesThatEndEarlyAndLeaveNoneOut(String order) {
    for (int i = 0; i < 6; i++) {
      sayWithImage("Image " + i + ".", HUGE_IMAGE);
    }

    var pages = pagesOfMessages(order);

    assertThat(pages.stream().flatMap(List::stream).toList())
        .isEqualTo(order.equals("asc") ? contents : contents.reversed());
    assertThat(pages).hasSizeGreaterThan(1);
  }

  @Test
  void aListOfMessagesOfManyTinyPartsLeavesNoneOut() {
    for (int i = 0; i < 12; i++) {
      var parts = JSON.arrayNode();
      parts.addObject().put("type", "text").put("text", "Tiny " + i + ".");
      for (int j = 0; j < TINY_PARTS; j++) {
        parts.addObject().put("type", "text").put("text", "a");
      }
      post(parts);
      contents.add("Tiny " + i + ".");
    }

    assertThat(pagesOfMessages("asc").stream().flatMap(List::stream).toList()).isEqualTo(contents);
  }

  /** What the first part of each message says, page by page. */
  private List<List<String>> pagesOfMessages(String order) {
    var pages = new ArrayList<List<String>>();
    var after = "";
    boolean more = true;
    while (more) {
      var page = user.get(path() + "/messages?limit=100&order=" + order + after).json();
      var listed = new ArrayList<String>();
      page.path("data")
          .forEach(message -> listed.add(message.at("/content/0/text/value").asText()));
      pages.add(listed);
      more = page.path("has_more").asBoolean();
      after = "&after=" + page.path("last_id").asText();
    }
    return pages;
  }

  @Test
  void outputsOfToolsThatDoNotFitAreLeftOutAndThoseThatDoAreSent() {
    var conversation = Conversation.of(user, "gpt-4o", "Look.", "look");
    for (int i = 0; i < 3; i++) {
      answerACall(conversation, "huge" + words(" view").repeat(20));
    }
    answerACall(conversation, "a small view");

    conversation.say("Go.");
    var run = conversation.until(conversation.run(), "completed");

    var prompt = provider.requests().getLast().body().path("messages");
    assertThat(prompt.findValuesAsText("role")).contains("tool");
    assertThat(prompt.findValuesAsText("content"))
        .contains("a small view")
        .noneMatch(LargeMessagesTest::isHuge);
    var step = user.get(conversation.path(run) + "/steps").json().at("/data/0/id").asText();
    var context = user.get(conversation.path(run) + "/steps/" + step + "/context").json();
    assertThat(context.path("exact").asBoolean()).isTrue();
  }

  @Test
  void outputsInLettersOfSeveralBytesAreAllSentIfTheyFit() {
    var conversation = Conversation.of(user, "gpt-4o", "Look.", "look");
    var outputs = new ArrayList<String>();
    for (int i = 0; i < 5; i++) {
      outputs.add(i + " вид".repeat(7_000));
      answerACall(conversation, outputs.getLast());
    }

    conversation.say("Go.");
    conversation.until(conversation.run(), "completed");

    assertThat(provider.requests().getLast().body().path("messages").findValuesAsText("content"))
        .containsAll(outputs);
  }

  private void answerACall(Conversation conversation, String output) {
    provider.replyTo("gpt-4o", Reply.call("look", "{}"));
    var run = conversation.until(conversation.run(), "requires_action");
    var call = Conversation.calls(run).getFirst();
    var body = JSON.objectNode();
    body.putArray("tool_outputs").addObject().put("tool_call_id", call).put("output", output);
    assertThat(conversation.submit(run, body).status()).isEqualTo(200);
    conversation.until(run, "completed");
  }

  private static boolean isHuge(String text) {
    return text.startsWith("huge");
  }

  private static String words(String name) {
    var text = new StringBuilder(name);
    for (int i = 0; text.length() < LARGE; i++) {
      text.append(" word").append(i);
    }
    return text.toString();
  }

  private void say(String text) {
    post(JSON.textNode(text));
    contents.add(text);
  }

  private void sayInParts(String first, String second) {
    var parts = JSON.arrayNode();
    parts.addObject().put("type", "text").put("text", first);
    parts.addObject().put("type", "text").put("text", second);
    post(parts);
    contents.add(first + second);
  }

  private void sayWithImage(String text, int bytes) {
    var parts = JSON.arrayNode();
    parts.addObject().put("type", "text").put("text", text);
    parts
        .addObject()
        .put("type", "image_url")
        .putObject("image_url")
        .put("url", "data:image/png;base64," + "iVBORw0K".repeat(bytes / 8));
    post(parts);
    contents.add(text);
  }

  private void post(JsonNode content) {
    var message = JSON.objectNode().put("role", "user");
    message.set("content", content);
    var posted = user.post(path() + "/messages", message.toString());
    assertThat(posted.status()).as(posted.text()).isEqualTo(200);
  }

  private String path() {
    return "/v1/threads/" + thread;
  }

  private List<String> promptOfARun() {
    run();
    JsonNode messages = provider.requests().getLast().body().path("messages");
    return StreamSupport.stream(messages.spliterator(), false)
        .map(LargeMessagesTest::text)
        .toList();
  }

  private static String text(JsonNode message) {
    var content = message.path("content");
    return content.isTextual()
        ? content.asText()
        : String.join("", content.findValuesAsText("text"));
  }

  private String run() {
    var run =
        user.post(path() + "/runs", "{\"assistant_id\": \"" + assistant + "\", \"stream\": true}");
    assertThat(run.text()).contains("event: done");
    return user.get(path() + "/runs?limit=1").json().at("/data/0/id").asText();
  }
}
