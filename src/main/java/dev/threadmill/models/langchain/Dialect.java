package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.adapt.PromptShape;
import dev.threadmill.models.http.ProviderTransport;
import java.util.List;
import java.util.OptionalInt;

/** What differs from provider to provider. */
interface Dialect {
  /** The library's model for one call. */
  StreamingChatModel model(
      LangChainHttpClient http, ProviderConfig provider, String name, ModelRequest request);

  /** The messages as the provider accepts them: without blank ones, unless it takes them. */
  default List<ModelMessage> messages(ModelRequest request, ModelFacts facts) {
    return PromptShape.withoutBlanks(request);
  }

  /** The call as the provider accepts it; without reasoning if it cannot have it. */
  default ModelRequest adapt(ModelRequest request, ModelInfo info) {
    return request;
  }

  /** The limit of the completion to send; null for none. */
  Integer maxTokens(ModelRequest request, ModelInfo info);

  /** Whether it has a parameter for the format that the request asks for, which is JSON. */
  default boolean hasFormat(ModelRequest request, ModelFacts facts) {
    return facts.supports("response_format");
  }

  /** Whether it fetches images by their address. */
  boolean acceptsImageUrls();

  /** Whether it counts reasoning beside the completion, not in it. */
  default boolean countsReasoningApart() {
    return false;
  }

  /**
   * The context window of a model as its provider describes it, in tokens; empty if it does not, or
   * was asked before.
   */
  default OptionalInt window(ProviderTransport transport, ProviderConfig provider, String model)
      throws InterruptedException {
    return OptionalInt.empty();
  }

  /** Adds to the body of a request what the library does not send. */
  default void onRequest(ObjectNode body, ModelRequest request, ModelInfo info, ModelFacts facts) {}

  /**
   * Reads an event of a response.
   *
   * @return the events that the library is given in its place, without what it misreads
   */
  List<ObjectNode> onEvent(ObjectNode event, Received received);

  /**
   * The events of a response that came as a whole although a stream was asked for; empty if it
   * cannot be read.
   */
  default List<ObjectNode> eventsOf(JsonNode whole) {
    return List.of();
  }

  /** Whether the stream consists of JSON values, without events around them. */
  default boolean streamsJson() {
    return false;
  }
}
