package dev.threadmill.runs.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** What models get of the images that messages refer to. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class ImagesInPromptsTest extends FilesInPromptsFixture {
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

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
  void anImageForAModelThatCannotSeeIsRefusedInEverySpelling() {
    var id = file("dot.png", "image/png", PNG);
    var url = "data:image/png;base64," + Base64.getEncoder().encodeToString(PNG);
    for (var part :
        new String[] {
          "{\"type\": \"image_file\", \"image_file\": {\"file_id\": \"%s\"}}".formatted(id),
          "{\"type\": \"input_image\", \"file_id\": \"%s\"}".formatted(id),
          "{\"type\": \"image_url\", \"image_url\": {\"url\": \"%s\"}}".formatted(url),
          "{\"type\": \"image_url\", \"image_url\": \"%s\"}".formatted(url),
          "{\"type\": \"image_url\", \"url\": \"%s\"}".formatted(url),
          "{\"type\": \"input_image\", \"image_url\": \"%s\"}".formatted(url)
        }) {
      var message = "{\"role\": \"user\", \"content\": [%s]}".formatted(part);
      var conversation = Conversation.of(user, "gpt-3.5-turbo", "Look.");
      var run =
          "{\"assistant_id\": \"%s\", \"additional_messages\": [%s]}"
              .formatted(conversation.assistant(), message);

      var added = user.post(conversation.path() + "/runs", run);
      assertThat(added.status()).as(added.text()).isEqualTo(400);
      assertThat(added.json().at("/error/code").asText()).isEqualTo("image_input_not_supported");
      assertThat(added.json().at("/error/param").asText())
          .isEqualTo("additional_messages[0].content[0]");

      user.post(conversation.path() + "/messages", message);
      var stored =
          user.post(
              conversation.path() + "/runs",
              "{\"assistant_id\": \"%s\"}".formatted(conversation.assistant()));
      assertThat(stored.status()).as(stored.text()).isEqualTo(400);
      assertThat(stored.json().at("/error/code").asText()).isEqualTo("image_input_not_supported");
    }
    var chat =
        user.post(
            "/v1/chat/completions",
            chat("gpt-3.5-turbo", "{\"type\": \"image_url\", \"url\": \"%s\"}".formatted(url)));
    assertThat(chat.status()).as(chat.text()).isEqualTo(400);
    assertThat(chat.json().at("/error/code").asText()).isEqualTo("image_input_not_supported");
    assertThat(chat.json().at("/error/param").asText()).isEqualTo("messages[0].content[1]");
  }

  @Test
  void anImageThatWasAnsweredIsANoteForAModelThatCannotSee() {
    var conversation = Conversation.of(user, "gpt-4o", "Look.");
    user.post(
        conversation.path() + "/messages",
        "{\"role\": \"user\", \"content\": [{\"type\": \"image_file\", \"image_file\": {\"file_id\": \"%s\"}}]}"
            .formatted(file("dot.png", "image/png", PNG)));
    conversation.until(conversation.run(), "completed");
    user.post(conversation.path() + "/messages", "{\"role\": \"user\", \"content\": \"And now?\"}");

    var run =
        user.post(
            conversation.path() + "/runs",
            "{\"assistant_id\": \"%s\", \"model\": \"gpt-3.5-turbo\"}"
                .formatted(conversation.assistant()));

    conversation.until(run.json(), "completed");
    assertThat(provider.lastRequest().body().toString()).contains("which this model cannot see");
  }
}
