package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.assistants.FileSearchTool;
import com.openai.models.beta.threads.ThreadCreateParams;
import com.openai.models.beta.threads.messages.MessageListParams;
import com.openai.models.beta.threads.runs.RunCreateParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FilePurpose;
import com.openai.models.vectorstores.VectorStoreCreateParams;
import com.openai.models.vectorstores.VectorStoreSearchParams;
import com.openai.models.vectorstores.filebatches.FileBatchCreateParams;
import com.openai.models.vectorstores.filebatches.FileBatchRetrieveParams;
import com.openai.models.vectorstores.filebatches.VectorStoreFileBatch;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** openai-java with vector stores, and with runs that cite files. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkStoresTest {
  private static final String CONTRACT =
      "The supplier may terminate the contract with a notice of ninety days.";

  @TempDir Path folder;
  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  private String upload(String name, String text) throws IOException {
    return sdk.client
        .files()
        .create(
            FileCreateParams.builder()
                .purpose(FilePurpose.ASSISTANTS)
                .file(Files.writeString(folder.resolve(name), text))
                .build())
        .validate()
        .id();
  }

  @Test
  void aBatchIsIndexedAndSearchedAndItsFilesAreCited() throws IOException {
    var contract = upload("contract.txt", CONTRACT);
    var recipe = upload("recipe.txt", "Boil the potatoes for twenty minutes.");
    var store =
        sdk.client
            .vectorStores()
            .create(VectorStoreCreateParams.builder().name("s").build())
            .validate();
    var batch =
        sdk.client
            .vectorStores()
            .fileBatches()
            .create(
                FileBatchCreateParams.builder()
                    .vectorStoreId(store.id())
                    .fileIds(List.of(contract, recipe))
                    .build())
            .validate();
    var done =
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .until(
                () ->
                    sdk.client
                        .vectorStores()
                        .fileBatches()
                        .retrieve(
                            FileBatchRetrieveParams.builder()
                                .vectorStoreId(store.id())
                                .batchId(batch.id())
                                .build())
                        .validate(),
                each -> !each.status().equals(VectorStoreFileBatch.Status.IN_PROGRESS));
    assertThat(done.status()).isEqualTo(VectorStoreFileBatch.Status.COMPLETED);

    var found =
        sdk.client
            .vectorStores()
            .search(
                VectorStoreSearchParams.builder()
                    .vectorStoreId(store.id())
                    .query("how to end the agreement")
                    .maxNumResults(1)
                    .build());
    assertThat(found.items()).hasSize(1);
    assertThat(found.items().getFirst().validate().fileId()).isEqualTo(contract);

    var assistant =
        sdk.client
            .beta()
            .assistants()
            .create(
                AssistantCreateParams.builder()
                    .model(JavaSdk.MODEL)
                    .addTool(FileSearchTool.builder().build())
                    .toolResources(
                        AssistantCreateParams.ToolResources.builder()
                            .fileSearch(
                                AssistantCreateParams.ToolResources.FileSearch.builder()
                                    .addVectorStoreId(store.id())
                                    .build())
                            .build())
                    .build())
            .validate();
    var thread =
        sdk.threads()
            .create(
                ThreadCreateParams.builder()
                    .addMessage(
                        ThreadCreateParams.Message.builder()
                            .role(ThreadCreateParams.Message.Role.USER)
                            .content("call file_search {\"queries\": [\"notice of the supplier\"]}")
                            .build())
                    .build())
            .validate();
    try (var events =
        sdk.threads()
            .runs()
            .createStreaming(
                RunCreateParams.builder()
                    .threadId(thread.id())
                    .assistantId(assistant.id())
                    .build())) {
      assertThat(
              events.stream()
                  .map(event -> event.validate())
                  .anyMatch(e -> e.isThreadRunCompleted()))
          .isTrue();
    }
    var message =
        sdk.threads()
            .messages()
            .list(MessageListParams.builder().threadId(thread.id()).limit(1).build())
            .items()
            .getFirst()
            .validate();
    var text = message.content().getFirst().asText().text();
    var cited = text.annotations().getFirst().asFileCitation();
    assertThat(cited.fileCitation().fileId()).isEqualTo(contract);
    assertThat(text.value().substring((int) cited.startIndex(), (int) cited.endIndex()))
        .isEqualTo(cited.text());
  }
}
