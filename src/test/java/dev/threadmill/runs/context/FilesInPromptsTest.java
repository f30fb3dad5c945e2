package dev.threadmill.runs.context;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.testing.Conversation;
import dev.threadmill.testing.FakeProviderResource;
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
import org.junit.jupiter.api.Test;

/** What models get of the files that messages refer to. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class FilesInPromptsTest extends FilesInPromptsFixture {
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

  private JsonNode chatSent(String model, String part) {
    var answer = user.post("/v1/chat/completions", chat(model, part));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return provider.lastRequest().body().at("/messages/0/content");
  }
}
