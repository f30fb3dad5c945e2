package dev.threadmill.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.core.JsonValue;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.conversations.ConversationCreateParams;
import com.openai.models.conversations.items.ItemListParams;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseOutputItem;
import com.openai.models.responses.inputitems.InputItemListParams;
import dev.threadmill.testing.FakeProviderResource;
import dev.threadmill.testing.KeysResource;
import dev.threadmill.testing.PostgresResource;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** openai-java with responses and conversations; it validates every answer and event. */
@QuarkusTest
@QuarkusTestResource(PostgresResource.class)
@QuarkusTestResource(KeysResource.class)
@QuarkusTestResource(FakeProviderResource.class)
class JavaSdkResponsesTest {
  private static final FunctionTool WEATHER =
      FunctionTool.builder()
          .name("get_weather")
          .strict(false)
          .parameters(
              FunctionTool.Parameters.builder()
                  .putAdditionalProperty("type", JsonValue.from("object"))
                  .putAdditionalProperty(
                      "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                  .build())
          .build();

  private JavaSdk sdk;

  @BeforeEach
  void connect() {
    sdk = JavaSdk.connect();
  }

  private static ResponseCreateParams.Builder request(String input) {
    return ResponseCreateParams.builder().model(JavaSdk.MODEL).input(input);
  }

  private Response create(ResponseCreateParams.Builder params) {
    return sdk.client.responses().create(params.build()).validate();
  }

  private static String text(Response response) {
    return response.output().stream()
        .flatMap(item -> item.message().stream())
        .flatMap(message -> message.content().stream())
        .map(content -> content.asOutputText().text())
        .reduce("", String::concat);
  }

  @Test
  void aResponseIsReadBackListedAndDeleted() {
    var response = create(request("/say All is well."));

    assertThat(text(response)).isEqualTo("All is well.");
    assertThat(sdk.client.responses().retrieve(response.id()).validate()).isEqualTo(response);
    var listed =
        sdk.client
            .responses()
            .inputItems()
            .list(InputItemListParams.builder().responseId(response.id()).build());
    assertThat(listed.data()).hasSize(1);
    sdk.client.responses().delete(response.id());
    assertThatThrownBy(() -> sdk.client.responses().retrieve(response.id()))
        .isInstanceOf(NotFoundException.class);
  }

  @Test
  void aStreamFoldsToTheResponseThatIsStored() {
    var accumulator = ResponseAccumulator.create();

    try (var stream =
        sdk.client
            .responses()
            .createStreaming(
                request("call get_weather {\"city\": \"Ulm\"}").addTool(WEATHER).build())) {
      stream.stream().forEach(event -> accumulator.accumulate(event.validate()));
    }

    var folded = accumulator.response().validate();
    assertThat(folded.output().getFirst().asFunctionCall().arguments()).contains("Ulm");
    assertThat(sdk.client.responses().retrieve(folded.id())).isEqualTo(folded);
  }

  @Test
  void aFunctionCallIsAnsweredInTheChain() {
    var first = create(request("call get_weather {\"city\": \"Ulm\"}").addTool(WEATHER));
    var call = first.output().getFirst().asFunctionCall();

    var second =
        create(
            ResponseCreateParams.builder()
                .model(JavaSdk.MODEL)
                .previousResponseId(first.id())
                .addTool(WEATHER)
                .inputOfResponse(
                    List.of(
                        ResponseInputItem.ofFunctionCallOutput(
                            ResponseInputItem.FunctionCallOutput.builder()
                                .callId(call.callId())
                                .output("rain")
                                .build()))));

    assertThat(text(second)).contains("rain");
    assertThat(second.previousResponseId()).contains(first.id());
  }

  @Test
  void aConversationKeepsItsItems() {
    var conversations = sdk.client.conversations();
    var conversation = conversations.create(ConversationCreateParams.builder().build()).validate();

    var response = create(request("/say Hi.").conversation(conversation.id()));

    assertThat(response.conversation().orElseThrow().id()).isEqualTo(conversation.id());
    var items =
        conversations
            .items()
            .list(
                ItemListParams.builder()
                    .conversationId(conversation.id())
                    .order(ItemListParams.Order.ASC)
                    .limit(1)
                    .build())
            .autoPager()
            .stream()
            .map(item -> item.validate().isMessage())
            .toList();
    assertThat(items).containsExactly(true, true);
    assertThat(conversations.delete(conversation.id()).validate().deleted()).isTrue();
  }

  @Test
  void aResponseInTheBackgroundIsCompletedLater() {
    var queued = create(request("/say Later.").background(true));

    var done = new Response[] {queued};
    org.awaitility.Awaitility.await()
        .until(
            () -> {
              done[0] = sdk.client.responses().retrieve(queued.id()).validate();
              return done[0].status().orElseThrow().asString().equals("completed");
            });

    assertThat(text(done[0])).isEqualTo("Later.");
    assertThat(done[0].output()).allMatch(ResponseOutputItem::isMessage);
  }
}
