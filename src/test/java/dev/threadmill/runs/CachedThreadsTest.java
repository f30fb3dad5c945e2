package dev.threadmill.runs;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.db.Jdbc;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node remembers the long threads that it has read, and the model sees them as they are. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@Timeout(60)
class CachedThreadsTest {
  private static final int LONG = 100;

  private final ApiClient user = ApiClient.user();
  private final List<String> contents = new ArrayList<>();
  private String assistant;
  private String thread;
  FakeProvider provider;
  @Inject Jdbc jdbc;

  @BeforeEach
  void rememberAThread() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Noted."));
    assistant = user.post("/v1/assistants", "{\"model\": \"m\"}").id();
    IntStream.range(0, LONG).forEach(i -> contents.add("Message " + i + "."));
    var messages =
        contents.stream()
            .map("{\"role\": \"user\", \"content\": \"%s\"}"::formatted)
            .collect(joining(",", "[", "]"));
    thread = user.post("/v1/threads", "{\"messages\": " + messages + "}").id();
    assertThat(promptOfARun()).isEqualTo(contents);
    contents.add("Noted.");
  }

  @Test
  void theNextRunIsSentAllNewMessages() {
    say("And another thing.");
    assertThat(promptOfARun()).isEqualTo(contents);
    contents.add("Noted.");
    say("And a last one.");

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void whatIsRememberedIsNotReadAgain() {
    jdbc.update("UPDATE messages SET content = '[]' WHERE thread_id = ? AND role = 'user'", thread);

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void aMessageThatIsDeletedIsNotSentAgain() {
    var messages = user.get("/v1/threads/" + thread + "/messages?order=asc&limit=3").json();
    var second = messages.at("/data/1/id").asText();

    user.delete("/v1/threads/" + thread + "/messages/" + second);
    contents.remove(1);

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void aMessageThatAnotherNodeHasDeletedIsNotSentAgain() {
    jdbc.update(
        "DELETE FROM messages WHERE thread_id = ? AND content #>> '{0,text,value}' = ?",
        thread,
        contents.getLast());
    jdbc.update("UPDATE threads SET deletions = deletions + 1 WHERE id = ?", thread);
    contents.removeLast();

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void aRunThatWantsFewMessagesIsSentFewAndTheNextOneAllAgain() {
    var few =
        promptOfARun(
            "\"truncation_strategy\": {\"type\": \"last_messages\", \"last_messages\": 2}");
    assertThat(few).isEqualTo(contents.subList(contents.size() - 2, contents.size()));
    contents.add("Noted.");

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  @Test
  void theIncompleteMessageOfAFailedAttemptIsSentToTheNextRun() {
    provider.otherwise(_ -> Reply.text("Half a thought, and no more.").cutAfter(3));
    run("\"metadata\": {}");
    provider.otherwise(_ -> Reply.text("Noted."));
    var last = user.get("/v1/threads/" + thread + "/messages?order=desc&limit=1").json();
    assertThat(last.at("/data/0/status").asText()).isEqualTo("incomplete");
    contents.add(last.at("/data/0/content/0/text/value").asText());

    assertThat(promptOfARun()).isEqualTo(contents);
  }

  private void say(String text) {
    user.post(
        "/v1/threads/" + thread + "/messages",
        "{\"role\": \"user\", \"content\": \"" + text + "\"}");
    contents.add(text);
  }

  private List<String> promptOfARun() {
    return promptOfARun("\"metadata\": {}");
  }

  /** What the model is sent in a run with this setting. */
  private List<String> promptOfARun(String setting) {
    run(setting);
    JsonNode messages = provider.requests().getLast().body().path("messages");
    return StreamSupport.stream(messages.spliterator(), false)
        .map(message -> message.path("content").asText())
        .toList();
  }

  private void run(String setting) {
    var run =
        user.post(
            "/v1/threads/" + thread + "/runs",
            "{\"assistant_id\": \"%s\", \"stream\": true, %s}".formatted(assistant, setting));
    assertThat(run.text()).contains("event: done");
  }
}
