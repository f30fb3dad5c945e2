package dev.threadmill.runs.context;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.Reply;
import org.junit.jupiter.api.BeforeEach;

/** Runs on messages that refer to files, and what the model is sent. */
abstract class FilesInPromptsFixture {
  final ApiClient user = ApiClient.user();
  FakeProvider provider;

  @BeforeEach
  void answer() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Seen."));
  }

  String file(String name, String type, byte[] content) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", name, type, content)
        .post(user, "/v1/files")
        .id();
  }

  /** The content of the last message that the model gets. */
  JsonNode contentSent(String model, String part) {
    var conversation = Conversation.of(user, model, "Look.");
    var added =
        user.post(
            conversation.path() + "/messages",
            "{\"role\": \"user\", \"content\": [%s]}".formatted(part));
    assertThat(added.status()).as(added.text()).isEqualTo(200);
    conversation.until(conversation.run(), "completed");
    var messages = provider.lastRequest().body().path("messages");
    return messages.path(messages.size() - 1).path("content");
  }

  static String chat(String model, String part) {
    return """
        {"model": "%s", "messages": [{"role": "user",
         "content": [{"type": "text", "text": "What does it say?"}, %s]}]}"""
        .formatted(model, part);
  }
}
