package dev.threadmill.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.ApiClient;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProvider;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.FormBody;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import dev.threadmill.testing.Reply;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What models get of the files that messages refer to. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class FilesInPromptsTest {
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

  private final ApiClient user = ApiClient.user();
  FakeProvider provider;

  @BeforeEach
  void answer() {
    provider.reset();
    provider.otherwise(_ -> Reply.text("Seen."));
  }

  private String file(String name, String type, byte[] content) {
    return new FormBody()
        .field("purpose", "assistants")
        .file("file", name, type, content)
        .post(user, "/v1/files")
        .id();
  }

  /** The content of the last message that the model gets. */
  private JsonNode contentSent(String model, String part) {
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

  @Test
  void anImageReachesAModelThatSees() {
    var id = file("dot.png", "image/png", PNG);
    for (var part :
        new String[] {
          "{\"type\": \"image_file\", \"image_file\": {\"file_id\": \"%s\", \"detail\": \"low\"}}",
          "{\"type\": \"input_image\", \"file_id\": \"%s\", \"detail\": \"low\"}"
        }) {
      var content = contentSent("gpt-4o", part.formatted(id));

      assertThat(content.at("/0/type").asText()).as(part).isEqualTo("image_url");
      assertThat(content.at("/0/image_url/url").asText())
          .isEqualTo("data:image/png;base64," + Base64.getEncoder().encodeToString(PNG));
      assertThat(content.at("/0/image_url/detail").asText()).isEqualTo("low");
    }
  }

  @Test
  void anImageIsShownWhereverItIsReferredTo() {
    var part =
        "{\"type\": \"image_file\", \"image_file\": {\"file_id\": \"%s\"}}"
            .formatted(file("dot.png", "image/png", PNG));

    assertThat(contentSent("gpt-4o", part + "," + part))
        .hasSize(2)
        .allMatch(each -> each.at("/image_url/url").asText().startsWith("data:image/png"));
  }

  @Test
  void theTextOfAFileReachesTheModel() {
    var id = file("notes.txt", "text/plain", "The door code is 4711.".getBytes());
    for (var part :
        new String[] {
          "{\"type\": \"file\", \"file_id\": \"%s\"}",
          "{\"type\": \"file\", \"file\": {\"file_id\": \"%s\"}}",
          "{\"type\": \"input_file\", \"file_id\": \"%s\"}"
        }) {
      assertThat(contentSent("gpt-4o", part.formatted(id)).asText())
          .as(part)
          .contains("notes.txt", "The door code is 4711.", "end of the file");
    }
  }

  @Test
  void aTextThatIsTooLongForTheModelIsCut() {
    var id = file("long.txt", "text/plain", "alpha beta gamma\n".repeat(20_000).getBytes());

    var content =
        contentSent("gpt-4", "{\"type\": \"file\", \"file_id\": \"%s\"}".formatted(id)).asText();

    assertThat(content).contains("the rest of the file is left out");
    assertThat(content.length()).isBetween(1_000, 60_000);
  }

  @Test
  void whatCannotBeShownIsNamed() {
    var fake = file("fake.png", "image/png", "no image".getBytes());
    var deleted = file("gone.txt", "text/plain", "gone".getBytes());
    var imageFile = "{\"type\": \"image_file\", \"image_file\": {\"file_id\": \"%s\"}}";

    assertThat(contentSent("gpt-4o", imageFile.formatted(fake)).asText())
        .isEqualTo("[the file fake.png is no image that can be shown]");
    assertThat(contentSent("gpt-3.5", imageFile.formatted(fake)).asText())
        .contains("which this model cannot see");
    var conversation = Conversation.of(user, "gpt-4o", "Look.");
    user.post(
        conversation.path() + "/messages",
        "{\"role\": \"user\", \"content\": [{\"type\": \"file\", \"file_id\": \"%s\"}]}"
            .formatted(deleted));
    user.delete("/v1/files/" + deleted);
    conversation.until(conversation.run(), "completed");
    assertThat(provider.lastRequest().body().toString()).contains("[a file that was deleted]");
  }

  @Test
  void anAttachmentForCodeIsAddedToTheToolResourcesOfTheThread() {
    var id = file("data.csv", "text/csv", "a,b\n1,2\n".getBytes());
    var attached =
        """
        {"role": "user", "content": "Sum it up.",
         "attachments": [{"file_id": "%s", "tools": [{"type": "code_interpreter"}]}]}"""
            .formatted(id);

    var thread = user.post("/v1/threads", "{\"messages\": [%s]}".formatted(attached));

    assertThat(thread.status()).as(thread.text()).isEqualTo(200);
    assertThat(thread.json().at("/tool_resources/code_interpreter/file_ids/0").asText())
        .isEqualTo(id);
    var message = user.get("/v1/threads/" + thread.id() + "/messages").json().at("/data/0");
    assertThat(message.at("/attachments/0/file_id").asText()).isEqualTo(id);
    var other = file("more.csv", "text/csv", "c".getBytes());
    user.post("/v1/threads/" + thread.id() + "/messages", attached.replace(id, other));
    assertThat(
            user.get("/v1/threads/" + thread.id())
                .json()
                .at("/tool_resources/code_interpreter/file_ids"))
        .extracting(JsonNode::asText)
        .containsExactly(id, other);
  }
}
