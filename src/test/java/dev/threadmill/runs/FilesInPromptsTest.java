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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
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

  private static String inline(String spelling, String name, String data) {
    return spelling.replace("NAME", name).replace("DATA", data);
  }

  private static String base64(byte[] content) {
    return Base64.getEncoder().encodeToString(content);
  }

  private static byte[] pdf() {
    try (var document = new PDDocument();
        var out = new ByteArrayOutputStream()) {
      var page = new PDPage();
      document.addPage(page);
      try (var content = new PDPageContentStream(document, page)) {
        content.beginText();
        content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
        content.newLineAtOffset(50, 700);
        content.showText("The notice period is six weeks.");
        content.endText();
      }
      document.save(out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aFileInAMessageBecomesAFileOfTheThread() {
    var data = base64("The door code is 4711.".getBytes());
    for (var spelling :
        new String[] {
          "{\"type\": \"file\", \"file\": {\"filename\": \"NAME\", \"file_data\": \"data:text/plain;base64,DATA\"}}",
          "{\"type\": \"file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
          "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}"
        }) {
      assertThat(contentSent("gpt-4o", inline(spelling, "notes.txt", data)).asText())
          .as(spelling)
          .contains("notes.txt", "The door code is 4711.", "end of the file");
    }
    var part =
        inline(
            "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
            "a.txt",
            data);
    var thread =
        user.post(
            "/v1/threads",
            "{\"messages\": [{\"role\": \"user\", \"content\": [%s]}]}".formatted(part));
    assertThat(thread.status()).as(thread.text()).isEqualTo(200);
    var stored =
        user.get("/v1/threads/" + thread.id() + "/messages").json().at("/data/0/content/0");
    assertThat(stored.path("type").asText()).isEqualTo("file");
    assertThat(stored).hasSize(2);
    var file = user.get("/v1/files/" + stored.path("file_id").asText());
    assertThat(file.json().path("filename").asText()).isEqualTo("a.txt");
    assertThat(file.json().path("purpose").asText()).isEqualTo("user_data");
    assertThat(file.json().path("expires_at").isIntegralNumber()).isFalse();

    user.delete("/v1/threads/" + thread.id());

    assertThat(user.get("/v1/files/" + file.id()).status()).isEqualTo(404);
  }

  @Test
  void aFileOfAThreadIsDeletedWithTheLastOfTheThreadAndItsForks() {
    var part =
        inline(
            "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
            "a.txt",
            base64("text".getBytes()));
    var message = "{\"role\": \"user\", \"content\": [%s]}".formatted(part);
    var thread = user.post("/v1/threads", "{\"messages\": [%s]}".formatted(message)).id();
    var first = user.post("/v1/threads/" + thread + "/fork", null).id();
    var second = user.post("/v1/threads/" + thread + "/fork", null).id();
    var later = user.post("/v1/threads/" + thread + "/messages", message);
    var laterFile = later.json().at("/content/0/file_id").asText();
    var file =
        user.get("/v1/threads/" + first + "/messages").json().at("/data/0/content/0/file_id");

    user.delete("/v1/threads/" + thread);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    assertThat(user.get("/v1/files/" + laterFile).status()).isEqualTo(404);
    user.delete("/v1/threads/" + second);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    user.delete("/v1/threads/" + first);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(404);
  }

  @Test
  void aForkOfAForkThatWasDeletedTakesOverTheFilesOfTheFirstThread() {
    var part =
        inline(
            "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
            "a.txt",
            base64("text".getBytes()));
    var message = "{\"role\": \"user\", \"content\": [%s]}".formatted(part);
    var thread = user.post("/v1/threads", "{\"messages\": [%s]}".formatted(message)).id();
    var file =
        user.get("/v1/threads/" + thread + "/messages").json().at("/data/0/content/0/file_id");
    var last = thread;
    for (int generation = 0; generation < 3; generation++) {
      var fork = user.post("/v1/threads/" + last + "/fork", null).id();
      if (!last.equals(thread)) {
        user.delete("/v1/threads/" + last);
      }
      last = fork;
    }
    var later =
        user.post("/v1/threads/" + thread + "/messages", message).json().at("/content/0/file_id");

    user.delete("/v1/threads/" + thread);

    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(200);
    assertThat(user.get("/v1/files/" + later.asText()).status()).isEqualTo(404);
    user.delete("/v1/threads/" + last);
    assertThat(user.get("/v1/files/" + file.asText()).status()).isEqualTo(404);
  }

  @Test
  void aSiblingDoesNotTakeOverWhatWasMadeInAForkAfterIt() {
    var part =
        inline(
            "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
            "a.txt",
            base64("text".getBytes()));
    var message = "{\"role\": \"user\", \"content\": [%s]}".formatted(part);
    var original = user.post("/v1/threads", "{}").id();
    var first = user.post("/v1/threads/" + original + "/fork", null).id();
    var ofFirst =
        user.post("/v1/threads/" + first + "/messages", message).json().at("/content/0/file_id");
    var child = user.post("/v1/threads/" + first + "/fork", null).id();
    var later =
        user.post("/v1/threads/" + first + "/messages", message).json().at("/content/0/file_id");
    // Newer than all files, and related to none of them.
    var sibling = user.post("/v1/threads/" + original + "/fork", null).id();

    user.delete("/v1/threads/" + first);
    assertThat(user.get("/v1/files/" + later.asText()).status()).isEqualTo(404);
    assertThat(user.get("/v1/files/" + ofFirst.asText()).status()).isEqualTo(200);
    user.delete("/v1/threads/" + child);
    assertThat(user.get("/v1/files/" + ofFirst.asText()).status()).isEqualTo(404);

    var ofSibling =
        user.post("/v1/threads/" + sibling + "/messages", message).json().at("/content/0/file_id");
    user.post("/v1/threads/" + original + "/fork", null);
    user.delete("/v1/threads/" + sibling);
    assertThat(user.get("/v1/files/" + ofSibling.asText()).status()).isEqualTo(404);
  }

  @Test
  void aPdfReachesAModelThatReadsFilesAsItIsAndOthersAsText() {
    var pdf = pdf();
    var id = file("contract.pdf", "application/pdf", pdf);
    for (var part :
        new String[] {
          "{\"type\": \"file\", \"file_id\": \"%s\"}".formatted(id),
          inline(
              "{\"type\": \"input_file\", \"filename\": \"NAME\", \"file_data\": \"DATA\"}",
              "contract.pdf",
              base64(pdf))
        }) {
      var original = contentSent("gpt-4o", part).path(0);
      assertThat(original.path("type").asText()).isEqualTo("file");
      assertThat(original.at("/file/filename").asText()).isEqualTo("contract.pdf");
      assertThat(original.at("/file/file_data").asText())
          .isEqualTo("data:application/pdf;base64," + base64(pdf));

      assertThat(contentSent("gpt-3.5-turbo", part).asText())
          .contains("contract.pdf", "The notice period is six weeks.");
    }
  }

  @Test
  void aModelWhoseProviderRefusesFilesGetsTheirTextFromThenOn() {
    var part =
        "{\"type\": \"file\", \"file_id\": \"%s\"}"
            .formatted(file("contract.pdf", "application/pdf", pdf()));
    provider.otherwise(
        request ->
            request.body().toString().contains("file_data")
                ? Reply.error(
                    400, "invalid_value", "Invalid value: 'file'. Supported values are: 'text'.")
                : Reply.text("Seen."));

    for (int run = 0; run < 2; run++) {
      int before = provider.requests().size();
      assertThat(contentSent("gpt-4o-refuses-files", part).asText())
          .contains("contract.pdf", "The notice period is six weeks.", "end of the file");
      assertThat(provider.requests().size() - before)
          .as("requests of run " + run)
          .isEqualTo(2 - run);
    }

    var inChat = part.replace("\"file_id\"", "\"file\": {\"file_id\"") + "}";
    assertThat(chatSent("gpt-4o-in-chat", inChat).at("/1/text").asText())
        .contains("The notice period is six weeks.");
  }

  @Test
  void aFileOfAChatCompletionReachesTheModelLikewise() {
    var pdf = pdf();
    var id = file("contract.pdf", "application/pdf", pdf);
    for (var part :
        new String[] {
          "{\"type\": \"file\", \"file\": {\"file_id\": \"%s\"}}".formatted(id),
          inline(
              "{\"type\": \"file\", \"file\": {\"filename\": \"NAME\", \"file_data\": \"data:application/pdf;base64,DATA\"}}",
              "contract.pdf",
              base64(pdf))
        }) {
      assertThat(chatSent("gpt-4o", part).at("/1/file/file_data").asText())
          .isEqualTo("data:application/pdf;base64," + base64(pdf));
      assertThat(chatSent("gpt-3.5-turbo", part).at("/1/text").asText())
          .contains("contract.pdf", "The notice period is six weeks.");
    }
    var missing =
        user.post(
            "/v1/chat/completions",
            chat("gpt-4o", "{\"type\": \"file\", \"file\": {\"file_id\": \"file-none\"}}"));
    assertThat(missing.status()).isEqualTo(400);
    assertThat(missing.json().at("/error/param").asText())
        .isEqualTo("messages[0].content[1].file.file_id");
  }

  private static String chat(String model, String part) {
    return """
        {"model": "%s", "messages": [{"role": "user",
         "content": [{"type": "text", "text": "What does it say?"}, %s]}]}"""
        .formatted(model, part);
  }

  private JsonNode chatSent(String model, String part) {
    var answer = user.post("/v1/chat/completions", chat(model, part));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return provider.lastRequest().body().at("/messages/0/content");
  }
}
