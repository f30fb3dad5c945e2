package dev.threadmill.models.embeddings;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ProviderException;
import dev.threadmill.models.http.ProviderPost;
import dev.threadmill.models.http.ProviderTransport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** Calls of one provider's embedding models, by OpenAI's {@code POST /embeddings}. */
final class EmbeddingsCall {
  private static final long MAX_RESPONSE_BYTES = 64L * 1024 * 1024;

  private final ProviderPost post;
  private final String path;

  EmbeddingsCall(
      ProviderTransport transport, ProviderConfig provider, Duration timeout, InstantSource clock) {
    this.post = new ProviderPost(transport, provider, timeout, MAX_RESPONSE_BYTES, clock);
    this.path = path(provider.type());
  }

  /** Ollama and Gemini have OpenAI's API below a path of its own. */
  private static String path(String type) {
    return switch (type) {
      case "ollama" -> "/v1/embeddings";
      case "gemini" -> "/openai/embeddings";
      default -> "/embeddings";
    };
  }

  /**
   * The vectors of these inputs, in one request.
   *
   * @param model as the provider calls it
   * @param dimensions null for the model's own
   * @throws ProviderException if the provider failed or refused
   */
  EmbeddedInputs send(String model, List<? extends EmbeddingInput> inputs, Integer dimensions)
      throws InterruptedException {
    return post.send(
        path,
        body(model, inputs, dimensions),
        model,
        response -> EmbeddingsResponseReader.read(response, inputs.size()));
  }

  private static byte[] body(
      String model, List<? extends EmbeddingInput> inputs, Integer dimensions) {
    ObjectNode body = Json.MAPPER.createObjectNode().put("model", model);
    var array = body.putArray("input");
    for (var input : inputs) {
      switch (input) {
        case EmbeddingInput.Text(var text) -> array.add(text);
        case EmbeddingInput.Tokens(var ids) -> array.addPOJO(ids);
      }
    }
    if (dimensions != null) {
      body.put("dimensions", dimensions);
    }
    return Json.write(body).getBytes(StandardCharsets.UTF_8);
  }
}
