package dev.threadmill.models.adapt;

import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ResponseFormat;
import java.util.ArrayList;

/** Asks for JSON in a system message, where a model has no parameter for it. */
public final class JsonInstruction {
  private static final String ANY = "Respond with one JSON object and nothing else.";

  private JsonInstruction() {}

  /** Whether the request asks for JSON, of whatever schema. */
  public static boolean isAskedBy(ModelRequest request) {
    return request.responseFormat() instanceof ResponseFormat.JsonObject
        || request.responseFormat() instanceof ResponseFormat.JsonSchema;
  }

  /** The same request with the words in its only system message. */
  public static ModelRequest of(ModelRequest request) {
    var messages = new ArrayList<>(request.messages());
    messages.addFirst(new ModelMessage.System(words(request.responseFormat())));
    return request.withMessages(PromptShape.withOneSystem(messages));
  }

  private static String words(ResponseFormat format) {
    return format instanceof ResponseFormat.JsonSchema(var definition)
        ? ANY + " It has to fit this JSON Schema: " + definition.path("schema")
        : ANY;
  }
}
