package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.core.JsonValue;
import com.openai.errors.NotFoundException;
import com.openai.models.beta.assistants.Assistant;
import com.openai.models.beta.assistants.AssistantCreateParams;
import com.openai.models.beta.assistants.AssistantListParams;
import com.openai.models.beta.assistants.AssistantUpdateParams;
import com.openai.models.beta.threads.ThreadCreateParams;
import com.openai.models.beta.threads.ThreadUpdateParams;
import com.openai.models.beta.threads.messages.ImageUrl;
import com.openai.models.beta.threads.messages.ImageUrlContentBlock;
import com.openai.models.beta.threads.messages.MessageContentPartParam;
import com.openai.models.beta.threads.messages.MessageCreateParams;
import com.openai.models.beta.threads.messages.MessageDeleteParams;
import com.openai.models.beta.threads.messages.MessageListParams;
import com.openai.models.beta.threads.messages.MessageRetrieveParams;
import com.openai.models.beta.threads.messages.MessageUpdateParams;
import com.openai.models.beta.threads.messages.TextContentBlockParam;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.moderations.ModerationCreateParams;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** openai-java with assistants, threads, messages and models. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
@SuppressWarnings("deprecation")
class JavaSdkObjectsTest {
  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  @Test
  void anAssistantIsCreatedChangedAndDeleted() {
    var assistants = sdk.client.beta().assistants();
    var made =
        assistants.create(
            AssistantCreateParams.builder()
                .model(JavaSdk.MODEL)
                .name("Weather frog")
                .instructions("Answer in one line. ☔")
                .addFunctionTool(JavaSdk.function("get_weather", "city"))
                .temperature(0.5)
                .metadata(
                    AssistantCreateParams.Metadata.builder()
                        .putAdditionalProperty("team", JsonValue.from("meteorology"))
                        .build())
                .build());
    assertThat(assistants.retrieve(made.id()).validate()).isEqualTo(made.validate());

    var changed =
        assistants.update(made.id(), AssistantUpdateParams.builder().name("Frog").build());
    assertThat(changed.validate().name()).contains("Frog");
    assertThat(changed.instructions()).contains("Answer in one line. ☔");
    assertThat(changed.tools()).isEqualTo(made.tools());

    assertThat(assistants.delete(made.id()).validate().deleted()).isTrue();
    assertThatThrownBy(() -> assistants.retrieve(made.id())).isInstanceOf(NotFoundException.class);
  }

  @Test
  void autoPagingSeesEveryOneOfMoreThanAHundredAssistantsOnceInBothOrders() {
    var made = IntStream.range(0, 104).mapToObj(_ -> sdk.assistant().id()).toList();

    var newestFirst =
        sdk.client.beta().assistants().list().autoPager().stream().map(Assistant::id).toList();
    var oldestFirst =
        sdk
            .client
            .beta()
            .assistants()
            .list(
                AssistantListParams.builder()
                    .order(AssistantListParams.Order.ASC)
                    .limit(100)
                    .build())
            .autoPager()
            .stream()
            .map(each -> each.validate().id())
            .toList();

    assertThat(oldestFirst).isEqualTo(made);
    assertThat(newestFirst).isEqualTo(made.reversed());
  }

  @Test
  void bothCursorsWorkInBothOrdersAndPastTheEndIsAnEmptyPage() {
    var thread = sdk.thread("m0").id();
    for (int i = 1; i < 5; i++) {
      sdk.say(thread, "m" + i);
    }
    var all = sdk.messages(thread);
    var middle = all.get(2).id();
    var query = MessageListParams.builder().threadId(thread);

    assertThat(texts(query.order(MessageListParams.Order.ASC).after(middle)))
        .containsExactly("m3", "m4");
    assertThat(texts(query.order(MessageListParams.Order.DESC).after(middle)))
        .containsExactly("m1", "m0");
    var before = MessageListParams.builder().threadId(thread).before(middle);
    assertThat(texts(before.order(MessageListParams.Order.ASC))).containsExactly("m0", "m1");
    assertThat(texts(before.order(MessageListParams.Order.DESC))).containsExactly("m4", "m3");
    var past = MessageListParams.builder().threadId(thread).order(MessageListParams.Order.ASC);
    assertThat(texts(past.after(all.getLast().id()))).isEmpty();
  }

  private List<String> texts(MessageListParams.Builder query) {
    return sdk.threads().messages().list(query.build()).data().stream().map(JavaSdk::text).toList();
  }

  @Test
  void aThreadIsCreatedEmptyChangedAndDeleted() {
    var threads = sdk.threads();
    var thread = threads.create().validate();

    var changed =
        threads.update(
            thread.id(),
            ThreadUpdateParams.builder()
                .metadata(
                    ThreadUpdateParams.Metadata.builder()
                        .putAdditionalProperty("user", JsonValue.from("ada"))
                        .build())
                .build());

    assertThat(changed.validate()).isEqualTo(threads.retrieve(thread.id()));
    assertThat(changed.metadata().orElseThrow()._additionalProperties())
        .containsEntry("user", JsonValue.from("ada"));
    assertThat(threads.delete(thread.id()).validate().deleted()).isTrue();
    assertThatThrownBy(() -> threads.retrieve(thread.id())).isInstanceOf(NotFoundException.class);
  }

  @Test
  void aThreadKeepsTheMessagesItIsCreatedWithInTheirOrder() {
    var params = ThreadCreateParams.builder();
    for (var role :
        List.of(
            ThreadCreateParams.Message.Role.USER,
            ThreadCreateParams.Message.Role.ASSISTANT,
            ThreadCreateParams.Message.Role.USER)) {
      params.addMessage(
          ThreadCreateParams.Message.builder().role(role).content("as " + role).build());
    }

    var messages = sdk.messages(sdk.threads().create(params.build()).id());

    assertThat(messages.stream().map(JavaSdk::text))
        .containsExactly("as user", "as assistant", "as user");
  }

  @Test
  void aMessageOfTextAndImageIsCreatedChangedAndDeleted() {
    var thread = sdk.threads().create().id();
    var messages = sdk.threads().messages();
    var url = "https://example.org/frog.png";
    var made =
        messages.create(
            thread,
            MessageCreateParams.builder()
                .role(MessageCreateParams.Role.USER)
                .contentOfArrayOfContentParts(
                    List.of(
                        MessageContentPartParam.ofText(
                            TextContentBlockParam.builder().text("Look:").build()),
                        MessageContentPartParam.ofImageUrl(
                            ImageUrlContentBlock.builder()
                                .imageUrl(
                                    ImageUrl.builder().url(url).detail(ImageUrl.Detail.LOW).build())
                                .build())))
                .build());
    assertThat(made.validate().content()).hasSize(2);
    assertThat(made.content().get(1).asImageUrl().imageUrl().url()).isEqualTo(url);

    var changed =
        messages.update(
            made.id(),
            MessageUpdateParams.builder()
                .threadId(thread)
                .metadata(
                    MessageUpdateParams.Metadata.builder()
                        .putAdditionalProperty("seen", JsonValue.from("yes"))
                        .build())
                .build());
    var retrieve = MessageRetrieveParams.builder().threadId(thread).build();
    assertThat(messages.retrieve(made.id(), retrieve).validate()).isEqualTo(changed.validate());

    var delete = MessageDeleteParams.builder().threadId(thread).build();
    assertThat(messages.delete(made.id(), delete).validate().deleted()).isTrue();
    assertThatThrownBy(() -> messages.retrieve(made.id(), retrieve))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void modelsAreListed() {
    var models = sdk.client.models();

    assertThat(models.list().autoPager().stream().map(model -> model.validate().id()))
        .contains(JavaSdk.MODEL);
    assertThat(models.retrieve(JavaSdk.MODEL).validate().id()).isEqualTo(JavaSdk.MODEL);
  }

  @Test
  void aChatCompletionIsAnsweredAndStreamed() {
    var params =
        ChatCompletionCreateParams.builder()
            .model(JavaSdk.MODEL)
            .addUserMessage("/say Bit by bit.")
            .build();
    var chunks = new ArrayList<ChatCompletionChunk>();

    var whole = sdk.client.chat().completions().create(params).validate();
    try (var stream = sdk.client.chat().completions().createStreaming(params)) {
      stream.stream().forEach(chunk -> chunks.add(chunk.validate()));
    }

    assertThat(whole.choices().getFirst().message().content()).contains("Bit by bit.");
    var text =
        chunks.stream()
            .flatMap(chunk -> chunk.choices().stream())
            .map(choice -> choice.delta().content().orElse(""))
            .collect(Collectors.joining());
    assertThat(text).isEqualTo("Bit by bit.");
  }

  @Test
  void embeddingsAreNumbersAndModerationsArePassedOn() {
    var local =
        sdk.client
            .embeddings()
            .create(
                EmbeddingCreateParams.builder()
                    .model("local")
                    .inputOfArrayOfStrings(List.of("a cat sleeps", "tax law"))
                    .build())
            .validate();
    var remote =
        sdk.client
            .embeddings()
            .create(
                EmbeddingCreateParams.builder()
                    .model("text-embedding-3-small")
                    .input("hello")
                    .dimensions(8)
                    .encodingFormat(EmbeddingCreateParams.EncodingFormat.FLOAT)
                    .build())
            .validate();
    var judged =
        sdk.client
            .moderations()
            .create(ModerationCreateParams.builder().input("this does harm").build())
            .validate();

    assertThat(local.data().get(1).embedding()).hasSize(384);
    assertThat(local.usage().promptTokens()).isPositive();
    assertThat(remote.data().getFirst().embedding()).hasSize(8);
    assertThat(judged.results().getFirst().flagged()).isTrue();
    assertThat(judged.results().getFirst().categories().selfHarm()).isTrue();
  }
}
